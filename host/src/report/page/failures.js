// What failed: each code with where it struck, and its page of the catalogue.

class Failures {
  // `page(code)` promises a row of the catalogue with its page.
  constructor(model, actions, page) {
    Object.assign(this, { model, actions, page });
    this.body = el("div", {});
    this.node = section("Failures", { class: "failures" }, this.body);
    this.shown = "";
  }

  update() {
    const now = JSON.stringify(this.model.failures);
    if (now === this.shown) return;
    this.shown = now;
    this.node.hidden = this.model.failures.length === 0;
    const ended = this.model.head.outcome && this.model.head.outcome.code;
    // What the run ended with stands first.
    const [own, others] = [true, false].map((own) => this.model.failures.filter((failure) => (failure.code === ended) === own));
    fill(this.body, [...own, ...others].map((failure) => this.one(failure, failure.code === ended)));
  }

  one(failure, first) {
    const times = [failure.attempts ? count(failure.attempts, "attempt") : "", failure.unbegun ? failure.unbegun + " not begun" : "", failure.calls ? count(failure.calls, "call") : ""].filter(Boolean).join(", ");
    const more = failure.struck - failure.places.length;
    const page = el("div", { class: "page" });
    const node = el("details", { class: "failure-code", ontoggle: () => {
      if (node.open && !page.firstChild) this.page(failure.code).then((row) => fill(page, row), (error) => fill(page, el("p", {}, String(error.message || error))));
    } }, el("summary", {}, chip(STATES.failure, failure.code), " ", el("small", {}, failure.category + ", " + times), " ", failure.meaning),
    el("p", {}, el("strong", {}, "What to do: "), failure.advice + "."),
    el("p", {}, "Where: ", failure.places.map((place) => [button(place, () => this.actions.go(place), { class: "link" }), " "]), more > 0 ? `and ${more} more` : ""), page);
    if (first) node.open = true;
    return node;
  }
}

// A row of the catalogue as nodes.
function cataloguePage(row, link, deeper = 1) {
  // The page begins with the code and its meaning, which stand above it already.
  const text = row.page.replace(/^# .*\n/, "");
  return el("div", { class: "page" }, deeper ? el("h3", {}, "What " + row.code + " means in general") : null, markdown(text, link || plainLink, deeper));
}

// A report has no pages to go to: the name of the page is what helps.
function plainLink(words, to) {
  return [el("em", {}, words), /^[A-Z_]+\.md$/.test(to) ? [" (", el("code", {}, "aos failures show " + to.slice(0, -3)), ")"] : ""];
}
