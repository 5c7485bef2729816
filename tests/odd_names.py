"""File names that Streamlit's Markdown would not show as they are, and other foreign texts."""

LOADING = "![x](https:example.org).jpg"
"""Shown as Markdown, this makes the browser ask a foreign host."""

ODD_NAMES = [
    LOADING,
    "# [link](https:example.org).jpg",
    "www.example.org me@example.org.jpg",
    "*bold* __b__ `code` ~~gone~~ $x^2$.jpg",
    ":red[ink] :b[c]{d=e} :smile: :streamlit:.jpg",
    ":material_face:",
    "a -> b <- c <-> d -- e >= f <= g ~= h.jpg",
    "- item.jpg",
    "&amp; <b>bold<img src=x>.jpg",
    "| a | b |.jpg",
    "::: box.jpg",
    "photo@2x.jpg",
    "# head",
    "~a~ ``c`` $5 and $6.jpg",
    "1. first.jpg",
    "> quote.jpg",
    "&lt;b&gt; &#33;.jpg",
    "[^1] [x]: y.jpg",
    "xmpp:me@example.org",
    "100 % (of it).jpg",
]
"""Twenty; a browser sends each of them as it is."""

MORE_TEXTS = [
    "https://example.org/a_b.jpg",
    "---",
    "There is nothing at HTTP://EXAMPLE.ORG/x: look again.",
    "<https://example.org>",
    "![x](https://example.org/x.png)",
    ":material/face:.jpg",
    "--@example.org",
    "C:\\me\\*.jpg",
    "+ item",
    "12) twelve",
    "===",
    "~~~",
    "```py",
    ":: leaf",
    "\\*back\\slash\\",
    "face:small[].jpg",
    "portrait_1.jpg",
    "été 日本 😀.jpg",
]
"""Addresses and paths, as errors quote them."""
