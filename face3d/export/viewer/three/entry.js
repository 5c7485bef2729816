// What the viewer uses of three.js; build.sh makes three.min.js of it.
export {
  CanvasTexture, DoubleSide, Group, LightProbe, Mesh, MeshBasicMaterial, MeshLambertMaterial, PerspectiveCamera,
  PlaneGeometry, Scene, SphericalHarmonics3, SRGBColorSpace, TOUCH, Vector3, WebGLRenderer,
} from "three";
export { OrbitControls } from "three/addons/controls/OrbitControls.js";
export { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
