// One choice of the visitor, kept in the browser for the next visit.

export default function ({ data: { name, value }, setStateValue }) {
  const key = `photo-to-3d-face ${name}`;
  try {
    if (value) localStorage.setItem(key, value);
    else if (localStorage.getItem(key)) setStateValue("value", localStorage.getItem(key));
  } catch { /* a browser that keeps nothing */ }
}
