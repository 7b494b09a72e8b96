// The detail view: a player that steps frames, and everything else in step with it.

const $ = (id) => document.getElementById(id);
const page = JSON.parse($("payload").textContent);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const PARTS = { focal: "focal length", zoom: "zoom", rotation: "rotation", translation: "translation", time: "time" };

// --- words

const motionWord = (id) => id.replaceAll("_", " ");
const kindOf = (id) => page.words[id]?.[2] ?? "still";
const digits = (n, count) => Number(n.toPrecision(count)).toString();

function howFar([, , motion, magnitude, unit]) {
  const family = page.words[motion]?.[0];
  if (!unit) return "";
  if (unit === "ln f") return `×${Math.exp(motion.endsWith("_out") && family === "zoom" ? -magnitude : magnitude).toFixed(2)}`;
  if (unit === "deg") return `${digits(magnitude, 2)}°`;
  return `${digits(magnitude, 2)} ${unit}`;
}

const segmentWord = (segment) => [motionWord(segment[2]), howFar(segment)].filter(Boolean).join(" ");

// --- the open clip

const dialog = $("clip");
const player = $("player");
const open = { clip: null, frame: 0, setters: [], dragging: false };

function showClip(clip, frame = null) {
  open.clip = clip;
  const [width, height, frames] = clip.size;
  $("clip-key").textContent = clip.key;
  $("stage").style.aspectRatio = `${width} / ${height}`;
  player.poster = `clips/${clip.key}.webp`;
  player.src = `clips/${clip.key}.mp4`;
  player.playbackRate = Number($("rate").value);
  $("scrub").max = frames - 1;
  $("say").textContent = clip.captions[0];
  $("views").replaceChildren();
  fillFacts(clip);
  fillProof(clip);
  fillCaptions(clip);
  fillAgain(clip);
  if (!dialog.open) {
    dialog.showModal();
    dialog.focus();
  }
  drawTracks();
  document.querySelector(".columns").scrollTop = 0;
  for (const part of document.querySelectorAll(".watch, .tell")) part.scrollTop = 0;
  setFrame(0);
  if (frame !== null) seek(frame);
  else if (!calm.matches) player.play().catch(() => {});
  sayPlaying();
}

function drawTracks() {
  const clip = open.clip;
  const path = trajectory(clip);
  open.setters = [];
  const width = $("tracks").clientWidth;
  drawLanes(clip, path.frames, width);
  const curves = [
    ["Turning", "°", 1, 2, "turn", [["pan", path.pan], ["tilt", path.tilt], ["roll", path.roll]]],
    ["Place", " m", 2, 0.1, "travel", [["right", path.x], ["up", path.y.map((n) => 0 - n)], ["forward", path.z]]],
    ["Lens", " mm", 1, 2, "lens", [["focal length on 35 mm film", path.lens]]],
  ];
  const strokes = ["whole", "dashed", "dotted"];
  $("curves").replaceChildren(...curves.map(([title, unit, shown, narrow, kind, lines]) => {
    const toned = lines.map(([name, values], i) => ({ name, values, tone: `${kind} ${strokes[i]}` }));
    const made = chart(title, unit, shown, narrow, toned, width, title === "Lens" ? 34 : 52);
    open.setters.push(made.set);
    return made.box;
  }));
  const sideways = span(path.x) > span(path.z);
  const views = [
    { name: "from above", project: ABOVE, note: "the first view looks up the page" },
    sideways
      ? { name: "from behind", project: BEHIND, note: "the first view looks into the page" }
      : { name: "from the side", project: SIDE, note: "the first view looks to the right" },
  ];
  $("views").replaceChildren(...pathViews(clip, views, 300, 250).map(({ drawing, set }, i) => {
    open.setters.push(set);
    const { name, note } = views[i];
    const axes = clip.level ? note : "in the first camera's own axes";
    const title = element("b", {}, name[0].toUpperCase() + name.slice(1));
    return element("figure", {}, drawing, element("figcaption", {}, title, element("span", { class: "soft" }, axes)));
  }));
  setFrame(open.frame);
}

function drawLanes(clip, frames, width) {
  const ends = [];
  const cell = 21;
  const bars = clip.segments.map((segment) => {
    const [start, end, motion, , , speed] = segment;
    let lane = ends.findIndex((taken) => taken < start);
    if (lane < 0) lane = ends.length;
    ends[lane] = end;
    const bar = element("button", { type: "button", class: `segment ${kindOf(motion)}` }, element("span", {}, segmentWord(segment)));
    const words = `${segmentWord(segment)}, ${speed}, frames ${start} to ${end}`;
    bar.setAttribute("aria-label", words);
    bar.title = words;
    const left = across(start, frames, width);
    bar.style.left = `${left}px`;
    bar.style.width = `${Math.max(across(end, frames, width) - left, 4)}px`;
    bar.style.top = `${lane * cell}px`;
    bar.addEventListener("click", () => seek(start));
    return bar;
  });
  $("lanes").style.height = `${Math.max(ends.length, 1) * cell}px`;
  $("lanes").replaceChildren(...bars);
}

// --- time

function setFrame(frame) {
  const [, , frames, fps] = open.clip.size;
  open.frame = Math.min(Math.max(frame, 0), frames - 1);
  $("scrub").value = open.frame;
  $("scrub").setAttribute("aria-valuetext", `frame ${open.frame} of ${frames - 1}, ${(open.frame / fps).toFixed(2)} seconds`);
  $("frame").textContent = `${open.frame} / ${frames - 1} · ${(open.frame / fps).toFixed(2)} s`;
  const left = across(open.frame, frames, $("tracks").clientWidth);
  $("playhead").style.transform = `translateX(${left}px)`;
  for (const set of open.setters) set(open.frame);
}

// The middle of a frame's time, so that rounding never shows its neighbour.
function seek(frame) {
  player.pause();
  setFrame(frame);
  player.currentTime = (open.frame + 0.5) / open.clip.size[3];
}

const step = (by) => seek(open.frame + by);
const toggle = () => (player.paused ? player.play().catch(() => {}) : player.pause());

function sayPlaying() {
  $("play").textContent = player.paused ? "Play" : "Pause";
}

// Frame by frame where the browser tells of every frame shown, else by the clock.
function follow(seconds) {
  if (dialog.open && open.clip && !player.paused && !open.dragging) setFrame(Math.floor(seconds * open.clip.size[3] + 0.01));
}
if ("requestVideoFrameCallback" in player) {
  const shown = (_, { mediaTime }) => { follow(mediaTime); player.requestVideoFrameCallback(shown); };
  player.requestVideoFrameCallback(shown);
} else {
  const tick = () => { follow(player.currentTime); requestAnimationFrame(tick); };
  tick();
}

for (const event of ["play", "pause"]) player.addEventListener(event, sayPlaying);
player.addEventListener("error", () => { if (player.getAttribute("src")) tell(`clips/${open.clip.key}.mp4 cannot be played here`); });
$("stage").addEventListener("click", toggle);
$("play").addEventListener("click", toggle);
$("back").addEventListener("click", () => step(-1));
$("forth").addEventListener("click", () => step(1));
$("scrub").addEventListener("input", () => seek(Number($("scrub").value)));
$("rate").addEventListener("change", () => (player.playbackRate = Number($("rate").value)));

const tracks = $("tracks");
function drag(event) {
  const box = tracks.getBoundingClientRect();
  const frames = open.clip.size[2];
  seek(Math.round(((event.clientX - box.left - PAD) / (box.width - 2 * PAD)) * (frames - 1)));
}
tracks.addEventListener("pointerdown", (event) => {
  if (event.target.closest("input, button") || event.button) return;
  open.dragging = true;
  if (event.pointerType === "mouse") tracks.setPointerCapture(event.pointerId);
  drag(event);
});
tracks.addEventListener("pointermove", (event) => open.dragging && drag(event));
for (const end of ["pointerup", "pointercancel"]) tracks.addEventListener(end, () => (open.dragging = false));
new ResizeObserver(() => { if (dialog.open && open.clip) drawTracks(); }).observe(tracks);

// --- what is told beside the player

const row = (name, ...value) => [element("dt", {}, name), element("dd", {}, ...value)];

function fillFacts(clip) {
  const [width, height, frames, fps] = clip.size;
  const others = page.clips.filter((other) => other.take === clip.take && other !== clip);
  const rows = [
    row("Motions", ...clip.motions.flatMap((motion) => [element("span", { class: `chip ${kindOf(motion)}` }, motionWord(motion)), " "])),
    row("Speed", `${clip.speed}, of the main motion: ${motionWord(clip.main)}`),
    row("Path", clip.way[0] > 0.0005 ? `${digits(clip.way[0], 3)} m long, at most ${digits(clip.way[1], 3)} m from its start` : "stays in its place"),
    row("Video", `${width} × ${height}, ${frames} frames at ${fps} a second`),
    row("Scene", `${clip.scene}, ${clip.scene_id}` + (clip.character === "none" ? "" : `, with ${clip.character}`)),
    row("Split", clip.split),
    row("Source", `${clip.source.replaceAll("_", " ")} scene, ${clip.poses} poses, ${clip.licence}`),
  ];
  if (others.length) rows.push(row("Same take", ...others.map((other) => {
    const button = element("button", { type: "button", class: "plain" }, `camera ${other.camera}`);
    button.addEventListener("click", () => openClip(other, false));
    return button;
  })));
  $("facts").replaceChildren(...rows.flat());
}

function fillProof(clip) {
  const [residual, limit, motion] = clip.residual;
  const heading = element("h3", {}, "Proof");
  const words = limit > 0
    ? `${clip.tracks.toLocaleString("en")} corners followed through the decoded pixels move ${digits(motion, 3)} px; the annotation predicts them to ${digits(residual, 2)} px (limit ${digits(limit, 2)} px).`
    : `${clip.tracks.toLocaleString("en")} corners followed; median residual ${digits(residual, 2)} px.`;
  const rows = clip.parts.map(([part, value, sigma, allowed]) => {
    const shown = part === "time" ? `${signed(value, 3)} frames` : `${signed(100 * value, 2)} %`;
    const bound = part === "time" ? `± ${digits(allowed, 2)}` : `± ${digits(100 * allowed, 2)} %`;
    const x = (v) => 60 + 54 * Math.max(-1, Math.min(1, v / allowed));
    const gauge = svg("svg", { viewBox: "0 0 120 14", class: "gauge", "aria-hidden": "true" },
      svg("path", { class: "allowed", d: "M6 7H114M6 3v8M114 3v8" }), svg("path", { class: "zero", d: "M60 4v6" }),
      svg("path", { class: "sigma", d: `M${x(value - sigma).toFixed(1)} 7H${x(value + sigma).toFixed(1)}` }),
      svg("circle", { class: "dot", cx: x(value).toFixed(1), cy: 7, r: 3 }));
    return element("tr", {}, element("th", { scope: "row" }, PARTS[part] ?? part), element("td", { class: "number" }, shown), element("td", {}, gauge), element("td", { class: "number soft" }, bound));
  });
  const blind = Object.keys(PARTS).filter((part) => !clip.parts.some((found) => found[0] === part)).map((part) => PARTS[part]);
  const made = [heading, element("p", {}, words)];
  if (rows.length) made.push(element("table", {}, element("caption", { class: "unseen" }, "Fitted corrections and what they may be"), ...rows));
  if (blind.length) made.push(element("p", { class: "soft" }, `Not shown by this move: ${blind.join(", ")}.`));
  $("proof").replaceChildren(...made);
}

function fillCaptions(clip) {
  const names = ["Short", "Long", "Scene", "Camera"];
  const list = element("dl", { class: "captions" }, ...clip.captions.flatMap((caption, i) => row(names[i], caption)));
  $("captions").replaceChildren(element("h3", {}, "Captions"), list);
}

function fillAgain(clip) {
  const facts = page.facts;
  const made = [element("h3", {}, "Make it again")];
  const seed = `Seed ${clip.seed}, set ${facts.identity || "unknown"}.`;
  if (facts.spec && facts.shards) {
    const line = `camera-motion build ${facts.spec} --out again --slice ${clip.shard}/${facts.shards}`;
    const copy = element("button", { type: "button", class: "tool" }, "Copy");
    copy.addEventListener("click", () => copyText(line, "Copied the command."));
    made.push(element("div", { class: "command" }, element("code", { tabindex: "0" }, line), copy));
    const needs = facts.needs.length ? ` It also takes ${facts.needs.join(", ")}.` : "";
    const name = `${clip.split}-${String(clip.shard).padStart(6, "0")}.tar`;
    made.push(element("p", { class: "soft" }, `${seed} With camera-motion ${facts.version} and ${facts.spec} from beside this page, this films the ${facts.shard_clips} clips of ${name}, this one among them.${needs}`));
  } else made.push(element("p", { class: "soft" }, seed));
  $("again").replaceChildren(...made);
}

function tell(words) {
  $("told").textContent = words;
  if (!$("told").classList.contains("shown")) setTimeout(() => $("told").classList.remove("shown"), 1600);
  $("told").classList.add("shown");
}

async function copyText(text, done) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = element("textarea", { class: "unseen" }, text);
    dialog.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  tell(done);
}
