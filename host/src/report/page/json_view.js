// JSON as people read it: indented, long texts and long lists folded. Texts that are JSON themselves are shown as such
// below.

// Characters of a text, and members of a list or an object, that are shown unfolded.
const [MOST_CHARACTERS, MOST_MEMBERS] = [600, 40];

// Nesting that is shown unfolded, and the deepest that is shown at all as nodes.
const [OPEN_DEPTH, DEEPEST] = [3, 40];

function jsonView(value) {
  const node = el("div", { class: "json" }, jsonNode(value, 0));
  const inner = innerJson(value);
  return inner.length ? [node, inner.map(([path, parsed]) => el("details", {}, el("summary", {}, path, ", read as JSON"), el("div", { class: "json" }, jsonNode(parsed, 0))))] : node;
}

function jsonNode(value, depth) {
  if (typeof value === "string") return textNode(value);
  if (value === null || typeof value !== "object") return el("span", { class: "json-word" }, String(value));
  if (depth >= DEEPEST) return el("span", { class: "json-word" }, cut(JSON.stringify(value), 200));
  const list = Array.isArray(value);
  const members = list ? value.map((member) => [null, member]) : Object.entries(value);
  const [open, close] = list ? ["[", "]"] : ["{", "}"];
  if (members.length === 0) return open + close;
  const lines = (from, to) => members.slice(from, to).map(([key, member]) => el("div", { class: "json-member" },
    key === null ? null : [el("span", { class: "json-key" }, bdi(JSON.stringify(key))), ": "], jsonNode(member, depth + 1)));
  const rest = members.length > MOST_MEMBERS ? later(count(members.length - MOST_MEMBERS, "more member"), () => lines(MOST_MEMBERS)) : null;
  const inside = [lines(0, MOST_MEMBERS), rest];
  if (depth === 0) return [open, inside, close];
  return el("details", { class: "json-fold", open: depth < OPEN_DEPTH && members.length <= MOST_MEMBERS },
    el("summary", {}, open + " ", el("small", {}, count(members.length, list ? "element" : "member")), " " + close), inside);
}

function textNode(text) {
  const lines = (shown) => el("span", { class: "json-text" }, bdi(JSON.stringify(shown).replaceAll("\\n", "\n").replaceAll('\\"', '"').slice(1, -1)));
  if (text.length <= MOST_CHARACTERS) return ['"', lines(text), '"'];
  const short = el("span", {}, '"', lines(text.slice(0, MOST_CHARACTERS)), "… ");
  const whole = button(`all ${text.length.toLocaleString()} characters`, () => fill(short, '"', lines(text), '"'), { class: "small" });
  short.append(whole);
  return short;
}

// What is made only when it is asked for.
function later(words, make) {
  const place = el("div", {});
  place.append(button(words, () => fill(place, make()), { class: "small" }));
  return place;
}

// Texts in the first two layers that are JSON objects or lists themselves.
function innerJson(value) {
  const found = [];
  const look = (path, member, depth) => {
    if (typeof member === "string" && /^\s*[[{]/.test(member)) {
      try {
        found.push([path, JSON.parse(member)]);
      } catch {
        // Then it is a text.
      }
    } else if (member && typeof member === "object" && depth < 2) {
      Object.entries(member).slice(0, MOST_MEMBERS).forEach(([key, inner]) => look(path ? path + "." + key : key, inner, depth + 1));
    }
  };
  look("", value, 0);
  return found.filter(([path]) => path !== "");
}
