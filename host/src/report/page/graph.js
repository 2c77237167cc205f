// The workflow's graph: a column for each layer, an arrow from what is needed to who needs it.

const [NODE_WIDTH, NODE_HEIGHT, COLUMN, LINE] = [168, 44, 216, 58];

// What is drawn at most: beyond it, a picture says less than the table.
const [MOST_IN_LAYER, MOST_LAYERS] = [14, 60];

class Graph {
  constructor(model, actions) {
    Object.assign(this, { model, actions });
    this.body = el("div", {});
    this.node = section("Workflow", { class: "workflow" }, this.body);
    this.drawn = new Map();
  }

  // Draws once, and afterwards changes the looks alone.
  update() {
    if (!this.model.plan) return void fill(this.body, el("p", {}, "The workflow's text cannot be read by this program, so it has no graph here."));
    if (this.drawn.size === 0) this.draw();
    for (const [id, node] of this.drawn) {
      const state = look(this.model.stateOf(id));
      node.box.setAttribute("class", "node " + state.cls);
      node.icon.textContent = state.icon;
      node.said.textContent = visible(`: ${state.word}${needWords(node.step)}`);
    }
  }

  draw() {
    const places = this.places();
    const layers = Math.max(...[...places.values()].map((place) => place.layer)) + 1;
    const tallest = Math.max(...[...places.values()].map((place) => place.row)) + 1;
    const picture = svg("svg", { class: "graph", width: layers * COLUMN, height: tallest * LINE + 8, role: "group", "aria-label": "Graph of the workflow" },
      svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, svg("path", { class: "arrow", d: "M0,0L8,4L0,8Z" }))));
    for (const step of this.model.plan) this.edges(picture, step, places);
    for (const step of this.model.plan) if (places.has(step.step)) this.box(picture, step, places.get(step.step));
    const left = this.model.plan.length - places.size;
    fill(this.body, el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Graph of the workflow" }, picture),
      left > 0 ? el("p", {}, `${count(left, "step")} more in the table below: a picture of all of them would say less.`) : null);
  }

  places() {
    const rows = new Map();
    const places = new Map();
    for (const step of this.model.plan) {
      const row = rows.get(step.layer) || 0;
      rows.set(step.layer, row + 1);
      if (row < MOST_IN_LAYER && step.layer < MOST_LAYERS) places.set(step.step, { layer: step.layer, row });
    }
    return places;
  }

  edges(picture, step, places) {
    const to = places.get(step.step);
    for (const need of step.needs) {
      const from = places.get(need);
      if (!from || !to) continue;
      const [x1, y1] = [from.layer * COLUMN + NODE_WIDTH + 4, from.row * LINE + NODE_HEIGHT / 2 + 4];
      const [x2, y2] = [to.layer * COLUMN + 3, to.row * LINE + NODE_HEIGHT / 2 + 4];
      const bend = Math.min(40, (x2 - x1) / 2);
      picture.append(svg("path", { class: "edge", d: `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`, "marker-end": "url(#arrow)" }));
    }
  }

  box(picture, step, { layer, row }) {
    const [x, y] = [layer * COLUMN + 4, row * LINE + 4];
    const open = () => this.actions.go(step.step + ":" + lastAttempt(this.model, step.step));
    const box = svg("rect", { x, y, width: NODE_WIDTH, height: NODE_HEIGHT, rx: 6 });
    const icon = svg("text", { class: "node-icon", "aria-hidden": "true", x: x + 10, y: y + 19 });
    const marks = [step.parallel === null ? "" : "⇶ each element", step.conditional ? "if" : "", { continue: "may fail", fallback: "has a fallback" }[step.on_error] || ""].filter(Boolean).join(", ");
    const said = svg("text", { class: "node-said", x, y });
    const group = svg("g", { role: "button", tabindex: "0", class: "node-group", onclick: open, onkeydown: (event) => { if (event.key === "Enter") open(); } },
      box, icon,
      svg("text", { class: "node-name", x: x + 26, y: y + 19 }, cut(step.step, 19)),
      svg("text", { class: "node-skill", x: x + 26, y: y + 35 }, cut(marks ? step.skill + " · " + marks : step.skill, 24)), said);
    group.append(svg("title", {}, step.step + ": " + step.skill + (marks ? " (" + marks + ")" : "")));
    picture.append(group);
    this.drawn.set(step.step, { box, icon, said, step });
  }
}

// The last attempt of a step, which says how it ended.
function lastAttempt(model, id) {
  const group = model.groups.get(id);
  const step = group && (group.whole || group.items[0]);
  return step ? step.attempts[step.attempts.length - 1].attempt : 1;
}

function needWords(step) {
  return step.needs.length ? ", needs " + step.needs.join(", ") : "";
}

function cut(text, most) {
  return text.length > most ? text.slice(0, most - 1) + "…" : text;
}
