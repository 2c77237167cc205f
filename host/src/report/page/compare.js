// Two runs side by side, and where they part.

class Compare {
  constructor(runs, differences) {
    Object.assign(this, { runs, differences });
    this.pages = runs.map((run) => new RunPage(run));
    const list = differences.length === 0 ? el("p", {}, "They do not part: the same workflow, input, requests, answers and ends.") : el("ol", { class: "differences" }, differences.map((found, at) => this.difference(found, at === 0)));
    // Landmarks have names of their own, and each part is here twice.
    this.pages.forEach((page) => page.node.querySelectorAll("section").forEach((part) => part.removeAttribute("aria-labelledby")));
    this.node = el("div", {}, el("h1", { tabindex: "-1" }, "Where two runs part"),
      el("p", {}, "Times, ids and seeds differ between any two runs, and are not compared. Of each attempt the first difference is told."), list,
      el("div", { class: "beside" }, this.pages.map((page, at) => el("div", { class: "side" }, el("h2", { class: "side-name" }, ["First: ", "Second: "][at], bdi(runs[at].name)), page.node))));
  }

  difference(found, first) {
    const place = placeOfDifference(found);
    const go = place ? this.pages.map((page, at) => button(["Show in the first", "Show in the second"][at], () => page.go(place), { class: "small" })) : null;
    const values = found.first !== null || found.second !== null;
    return el("li", { class: first ? "first" : null },
      el("p", {}, el("span", { class: "differs" }, first ? "≠ The first difference: " : "≠ "), el("strong", {}, place ? place : "the run"), ": ", bdi(found.what), values && found.pointer ? [" differs at ", el("code", {}, found.pointer)] : "", " ", go),
      values ? el("div", { class: "values" }, [["First", found.first], ["Second", found.second]].map(([name, value]) =>
        el("div", {}, el("p", {}, el("strong", {}, name)), value === null ? "nothing" : jsonView(value)))) : null);
  }

  update() {
    this.pages.forEach((page) => page.update());
    const places = this.differences.map(placeOfDifference).filter(Boolean);
    this.pages.forEach((page) => page.mark(places));
  }
}

function placeOfDifference({ step, item, attempt, call }) {
  if (step === null) return null;
  return step + (item === null ? "" : "/" + item) + ":" + attempt + (call === null ? "" : ":" + call);
}
