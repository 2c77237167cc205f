// One run: what happened in words, the figures, and every drawing of it. It is the same for a report and for a run that
// goes on; whoever has news of the run calls update().

class RunPage {
  // A run is { name, model, documents(place), page(code), certificate }; `extra` stands below the title.
  constructor(run, extra) {
    const { model } = run;
    Object.assign(this, { run, model });
    this.span = new Span();
    const actions = { show: (row) => this.show(row), go: (place) => this.go(place) };
    this.title = el("h1", { tabindex: "-1" });
    this.story = el("ul", { class: "story" });
    this.figures = el("dl", { class: "figures" });
    // What listens at the window ends with the page.
    this.over = new AbortController();
    const { signal } = this.over;
    this.timeline = new Timeline(model, this.span, actions, signal);
    this.parts = [this.timeline, new Requests(model, actions), new Curve(model, this.span, signal), new Failures(model, actions, run.page), new Usage(model, actions), new Graph(model, actions), new Tables(model, actions), new Provenance(run)];
    this.details = new Details(model, run.documents, { page: run.page && ((code) => waiting(run.page(code))), go: actions.go });
    this.node = el("article", { class: "run" }, el("header", { class: "run-head" }, this.title, extra), this.story, this.figures, this.parts.map((part) => part.node), this.details.node);
  }

  update() {
    const { head } = this.model;
    const state = head.outcome ? head.outcome.status : "running";
    const code = head.outcome && head.outcome.code !== "OK" ? head.outcome.code : "";
    const world = head.stubs ? chip({ icon: "◇", cls: "waiting" }, "scripted world") : null;
    fill(this.title, bdi(head.workflow), " ", chip(look(state)), " ", code ? el("code", {}, code) : "", " ", world);
    // Of a run that is known to go on, nothing is to be done.
    const story = this.run.goesOn ? this.model.story.filter(({ tone }) => tone !== "todo") : this.model.story;
    fill(this.story, story.map((remark) => this.remark(remark)));
    fill(this.figures, figures(head).map(([name, value, more]) => el("div", {}, el("dt", {}, name), el("dd", {}, value, more ? el("small", {}, more) : null))));
    this.span.grow(head.took_us);
    this.parts.forEach((part) => part.update());
  }

  remark({ tone, text, quote, place }) {
    const sign = { good: "✓", bad: "✗", note: "•", todo: "→" }[tone];
    const said = quote ? el("span", {}, " It answered: “", bdi(quote), "”.") : null;
    const go = place ? [" ", button("Show it", () => this.go(place), { class: "small" })] : null;
    return el("li", { class: tone }, el("span", { class: "icon", "aria-hidden": "true" }, sign), el("span", {}, bdi(text), said, go));
  }

  // It is not shown any more.
  leave() {
    this.over.abort();
  }

  // Goes to a place in the timeline, and shows what is there.
  go(place) {
    const row = this.timeline.reveal(place);
    if (row) this.show(row);
  }

  show(row) {
    const rows = this.timeline.rows.list;
    const at = rows.indexOf(row);
    const to = (by) => (rows[at + by] ? () => { this.timeline.current = at + by; this.show(rows[at + by]); } : null);
    this.details.show(row, { before: at > 0 ? to(-1) : null, after: to(1) });
  }

  // Marks rows at which two journals part.
  mark(places) {
    places.forEach((place) => this.timeline.marked.add(place));
    places.forEach((place) => this.timeline.rows.reveal(place));
    this.timeline.update();
  }
}

function figures(head) {
  const { cost, counts } = head;
  const share = head.ceiling ? ` of at most ${money(head.ceiling)}` : "";
  const others = [[counts.failure, "failed"], [counts.partial, "partial"], [counts.skipped, "not run"], [counts.under_way, "under way"], [counts.waiting, "not begun"]];
  return [
    ["Began", el("span", { title: head.started }, date(head.started)), ""],
    ["Took", time(head.took_us), head.outcome ? "" : " so far"],
    ["Charged", money(cost.charged), share],
    ["Used by failed attempts", money(cost.absorbed), cost.absorbed ? ` of at most ${money(head.absorbed_ceiling)}, not in the charge` : ""],
    ["Spent in all", head.total > cost.charged ? money(head.total) : null, head.supposed ? " at most" : ""],
    ["Billed beyond what was held", cost.overrun ? money(cost.overrun) : null, ""],
    ["Held now", head.held ? money(head.held) : null, ""],
    ["Steps", `${counts.success} of ${counts.steps} succeeded`, others.filter(([many]) => many).map(([many, word]) => `, ${many} ${word}`).join("")],
    ["Tried again", counts.retries ? count(counts.retries, "time") : null, ""],
    ["Requests", String(counts.sent), (counts.failed ? `, ${counts.failed} failed` : "") + (counts.unsent ? `, ${counts.unsent} more never left` : "")],
    ["Fuel", short(head.fuel), " units"],
  ].filter(([, value]) => value !== null);
}

// A node that fills itself when something is there.
function waiting(promise) {
  const node = el("div", {}, "Reading…");
  promise.then((found) => fill(node, found), (error) => fill(node, el("p", { class: "message" }, String(error.message || error))));
  return node;
}
