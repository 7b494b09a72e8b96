// What is drawn of a camera: its path with frusta, from above and from the side, and its curves over the frames.

const SVG = "http://www.w3.org/2000/svg";
const SCALES_M = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];

function svg(tag, attributes = {}, ...inside) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

function element(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") made.className = value;
    else if (name in made && typeof value !== "string") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...inside);
  return made;
}

// --- the trajectory

const opened = new WeakMap();

// Every frame's place (m: right, down, forward of the first view), angles (degrees) and focal length (mm).
function trajectory(clip) {
  if (!opened.has(clip)) {
    const frames = clip.size[2];
    const lines = clip.track.map((coded, i) => summed(coded, frames, i < 3 ? 1000 : 100));
    const [x, y, z, pan, tilt, roll, lens] = lines;
    opened.set(clip, { x, y, z, pan, tilt, roll, lens, frames });
  }
  return opened.get(clip);
}

function summed(coded, frames, steps) {
  const out = new Float64Array(frames);
  let value = coded[0];
  let step = coded.length > 1 ? coded[1] : 0;
  for (let i = 0; i < frames; i++) {
    out[i] = value / steps;
    value += step;
    step += coded[i + 2] ?? 0;
  }
  return out;
}

// Camera axes to the first view's: Ry(pan) Rx(tilt) Rz(roll), applied to a point of the camera's.
function turned(path, frame, [px, py, pz]) {
  const [a, b, c] = [path.pan[frame], path.tilt[frame], path.roll[frame]].map((deg) => (deg * Math.PI) / 180);
  const [x1, y1] = [Math.cos(c) * px - Math.sin(c) * py, Math.sin(c) * px + Math.cos(c) * py];
  const [y2, z2] = [Math.cos(b) * y1 - Math.sin(b) * pz, Math.sin(b) * y1 + Math.cos(b) * pz];
  return [Math.cos(a) * x1 + Math.sin(a) * z2, y2, -Math.sin(a) * x1 + Math.cos(a) * z2];
}

function frustum(clip, path, frame, depth) {
  const wide = (18 / path.lens[frame]) * depth;
  const high = wide / clip.tall;
  const corners = [[-wide, -high, depth], [wide, -high, depth], [wide, high, depth], [-wide, high, depth]];
  const here = [path.x[frame], path.y[frame], path.z[frame]];
  return [here, ...corners.map((corner) => turned(path, frame, corner).map((n, i) => n + here[i]))];
}

const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
const most = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);
const span = (values) => most(values) - least(values);

const ABOVE = ([x, , z]) => [x, -z];
const SIDE = ([, y, z]) => [z, y];
const BEHIND = ([x, y]) => [x, y];

// The middle of points, and the scale at which they fill a box.
function fitted(points, width, height) {
  const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
  const middle = [(most(xs) + least(xs)) / 2, (most(ys) + least(ys)) / 2];
  return { middle, scale: Math.min(width / (span(xs) || 1e-9), height / (span(ys) || 1e-9)) };
}

const placed = (middle, scale, width, height) => (p) => [width / 2 + (p[0] - middle[0]) * scale, height / 2 + (p[1] - middle[1]) * scale];

const spelled = (p) => `${p[0].toFixed(1)} ${p[1].toFixed(1)}`;
const joined = (points) => "M" + points.map(spelled).join("L");

function depthOf(clip) {
  const path = trajectory(clip);
  return Math.max(0.3 * Math.hypot(span(path.x), span(path.y), span(path.z)), 0.35);
}

// The little map of a card: the path from above, the first view as a grey wedge, the last one in colour.
function sketch(clip, side) {
  const path = trajectory(clip);
  const last = path.frames - 1;
  const depth = depthOf(clip);
  const wedge = (frame) => {
    const [right, , forward] = turned(path, frame, [0, 0, depth]);
    const half = 18 / path.lens[frame];
    const at = (sign) => [path.x[frame] + right + sign * half * forward, 0, path.z[frame] + forward - sign * half * right];
    return [[path.x[frame], 0, path.z[frame]], at(-1), at(1)].map(ABOVE);
  };
  const wedges = [wedge(0), wedge(last)];
  const all = [...wedges.flat()];
  for (let i = 0; i <= last; i++) all.push([path.x[i], -path.z[i]]);
  const { middle, scale } = fitted(all, side - 8, side - 8);
  const at = placed(middle, scale, side, side);
  const drawing = svg("svg", { class: "sketch", viewBox: `0 0 ${side} ${side}`, "aria-hidden": "true" });
  drawing.append(svg("path", { class: "first", d: joined(wedges[0].map(at)) + "Z" }));
  drawing.append(svg("path", { class: "last", d: joined(wedges[1].map(at)) + "Z" }));
  const line = all.slice(6).map(at);
  if (span(line.map((p) => p[0])) + span(line.map((p) => p[1])) > 3) drawing.append(svg("path", { class: "went", d: joined(line) }));
  return drawing;
}

// Views of the path, to one scale, that can be set to a frame: frusta at some frames, the camera of this one in colour.
// A view is named, and flattens points to (right, down) of the page.
function pathViews(clip, views, width, height) {
  const path = trajectory(clip);
  const last = path.frames - 1;
  const shown = [...new Set([0, 1, 2, 3, 4, 5, 6].map((i) => Math.round((i * last) / 6)))];
  const depth = depthOf(clip);
  const outer = shown.flatMap((frame) => frustum(clip, path, frame, depth));
  for (let i = 0; i <= last; i++) outer.push([path.x[i], path.y[i], path.z[i]]);
  const fits = views.map(({ project }) => fitted(outer.map(project), width - 44, height - 60));
  const scale = least(fits.map((fit) => fit.scale));
  return views.map((view, i) => pathView(clip, view, shown, depth, scale, placed(fits[i].middle, scale, width, height - 12), width, height));
}

function pathView(clip, { name, project }, shown, depth, scale, at, width, height) {
  const path = trajectory(clip);
  const line = Array.from(path.x, (x, i) => at(project([x, path.y[i], path.z[i]])));
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `The camera's path ${name}` });
  const outline = (frame) => {
    const [apex, ...corners] = frustum(clip, path, frame, depth).map(project).map(at);
    return joined(corners) + "Z" + corners.map((corner) => joined([apex, corner])).join("");
  };
  for (const frame of shown) drawing.append(svg("path", { class: "cone", d: outline(frame) }));
  drawing.append(svg("path", { class: "route", d: joined(line) }));
  const went = svg("path", { class: "went" });
  const cone = svg("path", { class: "now" });
  const dot = svg("circle", { class: "dot", r: 4 });
  drawing.append(svg("circle", { class: "start", cx: line[0][0], cy: line[0][1], r: 3 }), went, cone, dot);
  const metres = SCALES_M.filter((m) => m * scale <= 0.4 * width).pop() ?? SCALES_M[0];
  const [left, low] = [12, height - 12];
  drawing.append(svg("path", { class: "scale", d: `M${left} ${low - 4}v4h${(metres * scale).toFixed(1)}v-4` }));
  drawing.append(svg("text", { class: "scale-text", x: left + 1, y: low - 8 }, `${metres} m`));
  const set = (frame) => {
    went.setAttribute("d", joined(line.slice(0, frame + 1)));
    cone.setAttribute("d", outline(frame));
    dot.setAttribute("cx", line[frame][0]);
    dot.setAttribute("cy", line[frame][1]);
  };
  set(0);
  return { drawing, set };
}

// --- curves

const PAD = 8; // half a thumb of the scrubber, so that a frame stands under itself everywhere
const across = (frame, frames, width) => PAD + (frames > 1 ? frame / (frames - 1) : 0.5) * (width - 2 * PAD);

// Curves that share an axis, over a range of `narrow` or more, so that rounding does not look like motion.
function chart(title, unit, digits, narrow, lines, width, height) {
  const frames = lines[0].values.length;
  const every = lines.flatMap((line) => [...line.values]);
  let [low, high] = [least(every), most(every)];
  if (high - low < narrow) [low, high] = [(low + high - narrow) / 2, (low + high + narrow) / 2];
  const y = (value) => 6 + (1 - (value - low) / (high - low)) * (height - 12);
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, "aria-hidden": "true" });
  if (low < 0 && high > 0) drawing.append(svg("path", { class: "zero", d: `M0 ${y(0).toFixed(1)}H${width}` }));
  const readings = lines.map((line) => {
    const points = [...line.values].map((value, frame) => [across(frame, frames, width), y(value)]);
    drawing.append(svg("path", { class: `curve ${line.tone}`, d: joined(points) }));
    return element("b", { class: "number" });
  });
  const legend = lines.map((line, i) => element("span", { class: "key" }, swatch(line.tone), `${line.name} `, readings[i]));
  const ends = element("span", { class: "range number" }, `${signed(low, digits)} … ${signed(high, digits)}${unit}`);
  const head = element("div", { class: "chart-head" }, element("span", { class: "chart-title" }, title), ...legend, ends);
  const set = (frame) => lines.forEach((line, i) => (readings[i].textContent = signed(line.values[frame], digits) + unit));
  return { box: element("div", { class: "chart" }, head, drawing), set };
}

const swatch = (tone) => svg("svg", { class: "swatch", viewBox: "0 0 20 8", "aria-hidden": "true" }, svg("path", { class: `curve ${tone}`, d: "M0 4H20" }));

const signed = (value, digits) => {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
};
