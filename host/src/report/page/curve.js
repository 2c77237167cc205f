// The money over time: charged and held, which the ceiling is for, and above them what failed attempts used. The curve
// is the ledger's, point for point; of points that fall on one column of the picture, the highest and the last are drawn.

const CURVE_HEIGHT = 170;
const KINDS = [["charged", 2], ["held", 1], ["absorbed", 3]];
const KIND_WORDS = { charged: "charged", absorbed: "used by failed attempts", held: "held" };

class Curve {
  constructor(model, span, signal) {
    Object.assign(this, { model, span });
    this.at = null;
    this.picture = svg("svg", { class: "curve", role: "img", height: CURVE_HEIGHT, tabindex: "0", onkeydown: (event) => this.key(event), onpointermove: (event) => this.hover(event) });
    this.said = el("p", { class: "reading", "aria-live": "polite" });
    this.table = el("details", { class: "points", ontoggle: () => this.fillTable() }, el("summary", {}, "The same as a table"));
    this.node = section("Money over time", { class: "money" }, this.picture, this.said, curveLegend(), this.table);
    this.span.watch(eachFrame(() => this.update()));
    addEventListener("resize", eachFrame(() => this.update()), { signal });
  }

  update() {
    const width = Math.max(200, this.picture.clientWidth || 800);
    this.picture.setAttribute("viewBox", `0 0 ${width} ${CURVE_HEIGHT}`);
    const columns = this.columns(width);
    const { ceiling } = this.model.head;
    const most = columns.reduce((most, point) => Math.max(most, sum(point)), 1);
    const shown = ceiling <= most * 5 && ceiling > 0;
    const top = (shown ? Math.max(most, ceiling) : most) * 1.08;
    const y = (nanos) => CURVE_HEIGHT - 18 - (nanos / top) * (CURVE_HEIGHT - 30);
    const { cost } = this.model.head;
    this.picture.setAttribute("aria-label", `Money over time. Charged ${money(cost.charged)}, used by failed attempts ${money(cost.absorbed)}, at most ${money(cost.peak_held)} held at one time, ceiling ${money(ceiling)}. Left and right arrows read point by point.`);
    const highest = svg("text", { class: "tick", x: 4, y: Math.max(11, y(most) - 3) }, "together at most " + money(most));
    fill(this.picture, patterns(), this.areas(columns, width, y), this.ceiling(shown, ceiling, width, y), highest, this.axis(width), this.cursor(width));
    this.say();
  }

  // The curve as it can be drawn: of the points that fall on one column the one of the most money, and after it the last one.
  columns(width) {
    let last = this.before();
    const columns = new Map();
    for (const point of this.model.money) {
      const share = this.span.place(point[0]);
      if (share > 1) break;
      last = point;
      if (share < 0) continue;
      const at = Math.floor(share * width);
      const highest = columns.has(at) ? columns.get(at).highest : point;
      columns.set(at, { highest: sum(highest) > sum(point) ? highest : point, end: point });
    }
    const points = [[this.span.from, ...this.before().slice(1)]];
    for (const [at, { highest, end }] of columns) {
      points.push(highest);
      if (end !== highest) points.push([this.span.at((at + 1) / width), ...end.slice(1)]);
    }
    points.push([this.span.to, ...last.slice(1)]);
    return points;
  }

  // The point that holds where the picture begins.
  before() {
    let before = [0, 0, 0, 0, 0];
    for (const point of this.model.money) {
      if (point[0] > this.span.from) break;
      before = point;
    }
    return before;
  }

  areas(columns, width, y) {
    const below = columns.map(() => 0);
    return KINDS.map(([kind, member]) => {
      const base = y(0);
      let path = "";
      columns.forEach((point, at) => {
        const x = (this.span.place(point[0]) * width).toFixed(1);
        const value = below[at] + point[member];
        path += at === 0 ? `M${x},${base}V${y(value).toFixed(1)}` : `H${x}V${y(value).toFixed(1)}`;
      });
      let back = "";
      for (let at = columns.length - 1; at >= 0; at -= 1) {
        const x = (this.span.place(columns[at][0]) * width).toFixed(1);
        if (at < columns.length - 1) back += `V${y(below[at]).toFixed(1)}H${x}`;
      }
      columns.forEach((point, at) => { below[at] += point[member]; });
      return svg("path", { class: "area " + kind, d: path + back + "Z" });
    });
  }

  ceiling(shown, ceiling, width, y) {
    const words = "ceiling of charged and held " + money(ceiling);
    if (!shown) return svg("text", { class: "ceiling-words", x: width - 4, y: 12, "text-anchor": "end" }, "↑ " + words + ", far above this picture");
    return [
      svg("line", { class: "ceiling", x1: 0, x2: width, y1: y(ceiling), y2: y(ceiling) }),
      svg("text", { class: "ceiling-words", x: width - 4, y: Math.max(11, y(ceiling) - 4), "text-anchor": "end" }, words),
    ];
  }

  axis(width) {
    return this.span.ticks(width).map(([at, words]) => svg("text", { class: "tick", x: this.span.place(at) * width + 2, y: CURVE_HEIGHT - 4 }, words));
  }

  cursor(width) {
    if (this.at === null) return null;
    const x = this.span.place(this.model.money[this.at][0]) * width;
    return svg("line", { class: "cursor", x1: x, x2: x, y1: 0, y2: CURVE_HEIGHT - 16 });
  }

  say() {
    if (this.model.money.length === 0) return;
    const point = this.model.money[this.at === null ? this.model.money.length - 1 : Math.min(this.at, this.model.money.length - 1)];
    const words = KINDS.map(([kind, member]) => KIND_WORDS[kind] + " " + money(point[member]));
    const over = point[4] ? ", billed beyond what was held " + money(point[4]) : "";
    this.said.textContent = `At ${time(point[0])}: ${words.join(", ")}${over}.`;
  }

  hover(event) {
    const box = this.picture.getBoundingClientRect();
    const us = this.span.at((event.clientX - box.left) / box.width);
    const after = this.model.money.findIndex((point) => point[0] > us);
    this.at = Math.max(0, (after < 0 ? this.model.money.length : after) - 1);
    this.update();
  }

  key(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const last = this.model.money.length - 1;
    this.at = Math.min(Math.max((this.at === null ? last : this.at) + by, 0), last);
    this.update();
  }

  fillTable() {
    if (!this.table.open) return;
    const rows = this.model.money.slice(0, 1000).map(([at, held, charged, absorbed, overrun]) =>
      el("tr", {}, [time(at), money(held), money(charged), money(absorbed), money(overrun)].map((text) => el("td", {}, text))));
    const head = el("tr", {}, ["At", "Held", "Charged", "Used by failed attempts", "Billed beyond"].map((text) => el("th", { scope: "col" }, text)));
    const more = this.model.money.length - rows.length;
    fill(this.table, el("summary", {}, "The same as a table"),
      el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Money over time" }, el("table", {}, el("thead", {}, head), el("tbody", {}, rows))),
      more > 0 ? el("p", {}, `The first 1,000 of ${this.model.money.length} points.`) : null);
  }
}

// All that was held, charged and lost at a point.
function sum(point) {
  return point[1] + point[2] + point[3];
}

function patterns() {
  const hatch = svg("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("line", { class: "hatch-line", x1: 0, y1: 0, x2: 0, y2: 6 }));
  const dots = svg("pattern", { id: "dots", width: 5, height: 5, patternUnits: "userSpaceOnUse" }, svg("rect", { class: "dots-ground", width: 5, height: 5 }), svg("circle", { class: "dots-dot", cx: 2.5, cy: 2.5, r: 1.2 }));
  return svg("defs", {}, hatch, dots);
}

function curveLegend() {
  return el("p", { class: "legend" }, KINDS.map(([kind]) => el("span", {}, el("span", { class: "swatch money-" + kind, "aria-hidden": "true" }), " ", KIND_WORDS[kind])));
}
