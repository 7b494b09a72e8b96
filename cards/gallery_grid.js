// The grid: cards, filters with live counts, the state in the address, what plays, and the keyboard.

const { facts, words, clips } = page;
const MOST_PLAYING = 16;
const byKey = new Map(clips.map((clip) => [clip.key, clip]));
const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

// --- what can be asked for

const FACETS = [
  { id: "speed", title: "Speed", of: (clip) => [clip.speed], order: ["slow", "regular", "fast"] },
  { id: "scene", title: "Scene", of: (clip) => [clip.scene] },
  { id: "split", title: "Split", of: (clip) => [clip.split], order: ["train", "test"] },
  { id: "source", title: "Source", of: (clip) => [clip.source], optional: true },
  { id: "character", title: "Character", of: (clip) => [clip.character], optional: true },
  { id: "move", title: "Motion", of: (clip) => (state.main ? [clip.main] : clip.motions) },
];
const state = { q: "", main: false, open: "", frame: null, ...Object.fromEntries(FACETS.map((facet) => [facet.id, new Set()])) };

for (const clip of clips) {
  clip.text = [clip.key, ...clip.captions, clip.scene, clip.scene_id, ...clip.motions.map(motionWord)].join(" ").toLowerCase();
}
const asked = (clip, terms) => terms.every((term) => clip.text.includes(term));
const has = (facet, clip) => !state[facet.id].size || facet.of(clip).some((value) => state[facet.id].has(value));

// --- cards

function card(clip) {
  const main = clip.segments.find((segment) => segment[2] === clip.main) ?? clip.segments[0];
  const more = new Set(clip.motions).size - 1;
  const picture = element("img", { src: `clips/${clip.key}.webp`, alt: "", loading: "lazy", decoding: "async" });
  const frame = element("span", { class: "frame" }, picture);
  frame.style.aspectRatio = `${clip.size[0]} / ${clip.size[1]}`;
  const line = element("span", { class: "line" },
    element("span", { class: `chip ${kindOf(main[2])}` }, segmentWord(main)),
    ...(more > 0 ? [element("span", { class: "more" }, `+${more}`)] : []),
    element("span", { class: "soft" }, clip.main === "static" ? "" : clip.speed));
  const link = element("a", { href: "#", "aria-label": `${clip.key}: ${clip.captions[0]}` }, frame,
    element("span", { class: "under" }, element("span", { class: "words" }, line, element("span", { class: "caption" }, clip.captions[0])), sketch(clip, 52)));
  link.href = `#clip=${encodeURIComponent(clip.key)}`;
  link.tabIndex = -1;
  link.title = clip.motions.map(motionWord).join(", ");
  const item = element("li", { class: "card" }, link);
  item.clip = clip;
  return item;
}

const cards = clips.map(card);
const cardOf = new Map(cards.map((item) => [item.clip.key, item]));
$("cards").append(...cards);
const shown = () => cards.filter((item) => !item.hidden);

// --- filters

const options = [];

function option(facet, value, label, kind = "") {
  const number = element("b", { class: "number" });
  const button = element("button", { type: "button", class: `option ${kind}`, "aria-pressed": "false" }, element("span", {}, label), number);
  button.addEventListener("click", () => {
    const chosen = state[facet.id];
    if (!chosen.delete(value)) chosen.add(value);
    changed();
  });
  options.push({ facet, value, button, number });
  return button;
}

function buildFilters() {
  for (const facet of FACETS) {
    const values = [...new Set(clips.flatMap(facet.id === "move" ? (clip) => clip.motions : facet.of))];
    if (facet.optional && values.length < 2) continue;
    const group = element("fieldset", {}, element("legend", {}, facet.title));
    if (facet.id === "move") buildMoves(facet, group, values);
    else {
      const order = facet.order ?? [];
      values.sort((a, b) => order.indexOf(a) - order.indexOf(b) || (a < b ? -1 : 1));
      group.append(element("div", { class: "options" }, ...values.map((value) => option(facet, value, value.replaceAll("_", " ")))));
    }
    $("filters").append(group);
  }
}

const FAMILIES = ["pan", "tilt", "roll", "truck", "dolly", "pedestal", "zoom", "dolly_zoom", "arc", "crane"];
const FIRST = ["left", "up", "in", "ccw"];

function buildMoves(facet, group, values) {
  const families = new Map();
  for (const value of values) {
    const family = words[value][0];
    families.set(family, [...(families.get(family) ?? []), value]);
  }
  const rank = (family) => (FAMILIES.indexOf(family) + 100) % 100;
  const sorted = [...families].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  for (const [family, members] of sorted) {
    members.sort((a, b) => FIRST.includes(words[b][1]) - FIRST.includes(words[a][1]));
    const kind = kindOf(members[0]);
    const named = members.map((value) => {
      const made = option(facet, value, words[value][1] || "any", kind);
      return made;
    });
    group.append(element("div", { class: "family" }, element("span", { class: `name ${kind}` }, motionWord(family)), ...named));
  }
  const leading = element("input", { type: "checkbox", id: "leading" });
  leading.addEventListener("change", () => { state.main = leading.checked; changed(); });
  group.append(element("label", { class: "leading" }, leading, " as the main motion only"));
}

function refresh() {
  const terms = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const passes = clips.map((clip) => ({ clip, text: asked(clip, terms), failed: FACETS.filter((facet) => !has(facet, clip)) }));
  let visible = 0;
  passes.forEach(({ text, failed }, i) => {
    cards[i].hidden = !text || failed.length > 0;
    visible += !cards[i].hidden;
  });
  for (const { facet, value, button, number } of options) {
    const n = passes.filter(({ clip, text, failed }) => text && failed.every((other) => other === facet) && facet.of(clip).includes(value)).length;
    const chosen = state[facet.id].has(value);
    number.textContent = n;
    button.setAttribute("aria-label", `${motionWord(value)}, ${count(n, "clip")}`);
    button.setAttribute("aria-pressed", chosen);
    button.disabled = !n && !chosen;
  }
  const active = options.filter(({ facet, value }) => state[facet.id].has(value)).length + (terms.length > 0) + state.main;
  $("count").textContent = visible === clips.length ? count(visible, "clip") : `${visible.toLocaleString("en")} of ${count(clips.length, "clip")}`;
  $("clear").hidden = !active;
  $("nothing").hidden = visible > 0;
  asking = active;
  nameFilters();
  if (document.activeElement !== $("search")) $("search").value = state.q;
  $("leading").checked = state.main;
  const items = shown();
  const entry = items.find((item) => item.clip.key === lastOpen) ?? items[0];
  for (const item of cards) item.firstChild.tabIndex = item === entry ? 0 : -1;
  placeInList();
  playSoon();
}

let asking = 0;

function nameFilters() {
  const opened = $("filters-open").getAttribute("aria-expanded") === "true";
  $("filters-open").textContent = opened ? "Done" : asking ? `Filters (${asking})` : "Filters";
}

function clear() {
  for (const facet of FACETS) state[facet.id].clear();
  Object.assign(state, { q: "", main: false });
  $("search").value = "";
  changed();
  $("search").focus({ preventScroll: true });
}

// --- the address

let lastOpen = "";

function address(frame = null) {
  const query = new URLSearchParams();
  for (const facet of FACETS) for (const value of state[facet.id]) query.append(facet.id, value);
  if (state.main) query.set("main", "1");
  if (state.q.trim()) query.set("q", state.q.trim());
  if (state.open) query.set("clip", state.open);
  if (state.open && frame !== null) query.set("frame", frame);
  const text = query.toString();
  return text ? `#${text}` : "#";
}

function changed(push = false) {
  history[push ? "pushState" : "replaceState"](push ? { pushed: true } : history.state, "", address());
  refresh();
}

function read() {
  const query = new URLSearchParams(location.hash.slice(1));
  for (const facet of FACETS) {
    const known = new Set(options.filter((o) => o.facet === facet).map((o) => o.value));
    state[facet.id] = new Set(query.getAll(facet.id).filter((value) => known.has(value)));
  }
  state.main = query.get("main") === "1";
  state.q = query.get("q") ?? "";
  state.open = byKey.has(query.get("clip")) ? query.get("clip") : "";
  const frame = Number.parseInt(query.get("frame") ?? "", 10);
  refresh();
  if (state.open) { if (open.clip?.key !== state.open || !dialog.open) enter(byKey.get(state.open), Number.isFinite(frame) ? frame : null); }
  else if (dialog.open) dialog.close();
}

// --- open, leave, go on

function enter(clip, frame = null) {
  stopAll();
  lastOpen = state.open = clip.key;
  showClip(clip, frame);
  placeInList();
}

function openClip(clip, push = true) {
  state.open = clip.key;
  changed(push);
  enter(clip);
}

function placeInList() {
  const items = shown();
  const at = items.findIndex((item) => item.clip.key === state.open);
  $("clip-place").textContent = at < 0 ? "" : `${at + 1} of ${items.length}`;
  $("previous").disabled = at <= 0;
  $("next").disabled = at < 0 || at === items.length - 1;
}

function neighbour(by) {
  const items = shown();
  const at = items.findIndex((item) => item.clip.key === state.open);
  if (at >= 0 && items[at + by]) openClip(items[at + by].clip, false);
}

dialog.addEventListener("close", () => {
  if (dialog.open) return; // opened again before this was told
  player.pause();
  player.removeAttribute("src");
  player.load();
  if (state.open) {
    state.open = "";
    if (history.state?.pushed) history.back();
    else changed();
  }
  const item = cardOf.get(lastOpen);
  if (item && !item.hidden) focusCard(item);
  playSoon();
});

$("close").addEventListener("click", () => dialog.close());
$("previous").addEventListener("click", () => neighbour(-1));
$("next").addEventListener("click", () => neighbour(1));
$("link").addEventListener("click", () => copyText(location.href.split("#")[0] + address(player.paused ? open.frame : null), "Copied the link."));
for (const box of [dialog, $("help")]) {
  box.addEventListener("pointerdown", (event) => { if (event.target === box) box.close(); });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const stops = [...box.querySelectorAll("button, input, select, a[href], [tabindex='0']")].filter((stop) => !stop.disabled && stop.offsetParent);
    const [first, last] = [stops[0], stops.at(-1)];
    const leaving = event.shiftKey ? document.activeElement === first || document.activeElement === box : document.activeElement === last;
    if (!leaving) return;
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  });
}
$("help-open").addEventListener("click", () => $("help").showModal());
$("help-close").addEventListener("click", () => $("help").close());

$("cards").addEventListener("click", (event) => {
  const item = event.target.closest(".card");
  if (!item || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  openClip(item.clip);
});

// --- what plays

const inView = new Set();
const playing = new Map();
let moving = !calm.matches;
let held = null; // the card under the pointer or in focus
let soon = 0;

function start(item) {
  if (playing.has(item)) return;
  const video = element("video", { muted: true, loop: true, playsInline: true, preload: "auto", tabIndex: -1 });
  video.setAttribute("aria-hidden", "true");
  video.addEventListener("playing", () => video.classList.add("on"), { once: true });
  video.src = `clips/${item.clip.key}.mp4`;
  playing.set(item, video);
  item.querySelector(".frame").append(video);
  video.play().catch(() => {});
}

function stop(item) {
  const video = playing.get(item);
  if (!video) return;
  playing.delete(item);
  video.pause();
  video.removeAttribute("src");
  video.load();
  video.remove();
}

function stopAll() {
  for (const item of [...playing.keys()]) stop(item);
}

function play() {
  if (dialog.open || document.hidden) return stopAll();
  const wanted = new Set(moving ? cards.filter((item) => inView.has(item) && !item.hidden).slice(0, MOST_PLAYING) : []);
  if (held && !held.hidden && !calm.matches) wanted.add(held);
  for (const item of [...playing.keys()]) if (!wanted.has(item)) stop(item);
  for (const item of wanted) start(item);
}

// Once things have settled: whoever scrolls past a hundred clips starts none of them.
function playSoon(after = 200) {
  clearTimeout(soon);
  soon = setTimeout(play, after);
}

function setMoving(value) {
  moving = value;
  $("motion").textContent = moving ? "Pause all" : "Play all";
  playSoon();
}

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) inView[isIntersecting ? "add" : "delete"](target);
  playSoon();
}, { threshold: 0.35 });
for (const item of cards) watcher.observe(item);
const hold = (event) => { held = event.target.closest?.(".card") ?? null; playSoon(80); };
for (const event of ["pointerover", "focusin"]) $("cards").addEventListener(event, hold);
for (const event of ["pointerleave", "focusout"]) $("cards").addEventListener(event, () => { held = null; playSoon(); });
document.addEventListener("visibilitychange", () => playSoon());
calm.addEventListener("change", () => setMoving(!calm.matches));
$("motion").addEventListener("click", () => setMoving(!moving));

// --- the keyboard

function focusCard(item) {
  for (const other of cards) other.firstChild.tabIndex = other === item ? 0 : -1;
  item.firstChild.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
}

function move(key) {
  const items = shown();
  const at = items.indexOf(document.activeElement.closest(".card"));
  if (at < 0) return items.length ? focusCard(items[0]) : undefined;
  const columns = Math.max(1, items.findIndex((item) => item.offsetTop > items[0].offsetTop));
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  focusCard(items[Math.min(Math.max(at + by, 0), items.length - 1)]);
}

function inClip(event, field) {
  const scrubbing = event.target === $("scrub") || event.target === $("rate");
  if (event.key.startsWith("Arrow") && !scrubbing) {
    if (event.key === "ArrowLeft") neighbour(-1);
    else if (event.key === "ArrowRight") neighbour(1);
    else return;
  } else if (event.key === ",") step(-1);
  else if (event.key === ".") step(1);
  else if (event.key === "Home" && !scrubbing) seek(0);
  else if (event.key === "End" && !scrubbing) seek(open.clip.size[2] - 1);
  else if (event.key === " " && !event.target.closest("button, select")) toggle();
  else return;
  event.preventDefault();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const typing = event.target === $("search");
  if (typing && event.key === "Escape") return $("search").blur();
  if (typing && event.key === "ArrowDown") { event.preventDefault(); return move(event.key); }
  if (typing || $("help").open) return;
  if (event.key === "?") { event.preventDefault(); return $("help").showModal(); }
  if (dialog.open) return inClip(event);
  if (event.key === "/") { event.preventDefault(); $("search").focus(); $("search").select(); }
  else if (event.key === "p") setMoving(!moving);
  else if (event.key.startsWith("Arrow") && (document.activeElement === document.body || event.target.closest("#grid"))) { event.preventDefault(); move(event.key); }
});

// --- begin

const range = (values, unit = "") => {
  const [low, high] = [least(values), most(values)];
  return (low === high ? `${low}` : `${low} to ${high}`) + unit;
};
const several = (values) => [...new Set(values)].join(", ");
$("lead").textContent = [
  `${count(clips.length, "clip")} in ${count(new Set(clips.map((clip) => clip.scene_id)).size, "scene")}`,
  `${range(clips.map((clip) => clip.size[2]))} frames at ${range(clips.map((clip) => clip.size[3]))} a second`,
  several(clips.map((clip) => `${clip.size[0]} × ${clip.size[1]}`)),
  "the pose and lens of every frame known",
].join(" · ");
$("foot").textContent = [`camera-motion ${facts.version}`, facts.identity && `set ${facts.identity}`, several(clips.map((clip) => clip.licence))].filter(Boolean).join(" · ");
buildFilters();
setMoving(moving);
$("search").addEventListener("input", () => { state.q = $("search").value; changed(); });
$("clear").addEventListener("click", clear);
$("clear-nothing").addEventListener("click", clear);
$("filters-open").addEventListener("click", () => {
  const opened = $("filters-open").getAttribute("aria-expanded") !== "true";
  $("filters-open").setAttribute("aria-expanded", opened);
  $("filters").classList.toggle("open", opened);
  nameFilters();
});
addEventListener("hashchange", read);
addEventListener("popstate", read);
read();
