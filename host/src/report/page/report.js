// A report: runs that are in the page itself, and nothing asked of anybody.

function embedded(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

class Report {
  constructor(data) {
    this.data = data;
    this.runs = data.runs.map((run, at) => this.run(run, at));
    this.shown = new Map();
    this.tabs = el("nav", { class: "tabs", "aria-label": "Runs of this report" });
    this.place = el("div", {});
    this.node = el("div", {}, this.runs.length > 1 ? this.tabs : null, this.place,
      el("footer", {}, `Made by aos ${data.version} from ${count(this.runs.length, "journal")}. This page asks nothing of any network.`));
  }

  run({ name, changes, certificate }, at) {
    const model = new Model();
    model.apply(changes);
    let documents = null;
    const read = async (place) => {
      if (documents === null) documents = embedded("documents-" + at);
      return documents[place] || null;
    };
    const page = async (code) => {
      const row = this.data.catalogue[code];
      return row ? cataloguePage(row) : el("p", {}, "aos failures show " + code);
    };
    return { name, model, documents: read, page, certificate };
  }

  views() {
    const views = this.runs.map((run) => [run.name, () => new RunPage(run)]);
    if (this.data.differences) views.unshift(["Side by side", () => new Compare(this.runs, this.data.differences)]);
    else if (this.runs.length > 1) views.unshift(["All runs", () => new RunList(this.runs, (at) => this.show(at + 1))]);
    return views;
  }

  show(at) {
    const views = this.views();
    fill(this.tabs, views.map(([name], other) => button(bdi(name), () => this.show(other), { class: "tab", "aria-pressed": String(other === at) })));
    if (!this.shown.has(at)) this.shown.set(at, views[at][1]());
    const view = this.shown.get(at);
    fill(this.place, view.node);
    view.update();
  }
}

// The runs of a report of many.
class RunList {
  constructor(runs, open) {
    const columns = [
      { name: "Journal", value: (row) => row.name, show: (row) => button(bdi(row.name), () => open(runs.indexOf(row)), { class: "link" }) },
      { name: "Workflow", value: (row) => row.model.head.workflow, show: (row) => bdi(row.model.head.workflow) },
      { name: "State", value: (row) => this.state(row).word, show: (row) => chip(this.state(row)) },
      { name: "Code", value: (row) => (row.model.head.outcome ? row.model.head.outcome.code : "") },
      { name: "Began", value: (row) => row.model.head.started, show: (row) => date(row.model.head.started) },
      { name: "Took", value: (row) => row.model.head.took_us, show: (row) => time(row.model.head.took_us), number: true },
      { name: "Charged", value: (row) => row.model.head.cost.charged, show: (row) => money(row.model.head.cost.charged), number: true },
      { name: "Used by failed attempts", value: (row) => row.model.head.cost.absorbed, show: (row) => money(row.model.head.cost.absorbed), number: true },
    ];
    this.table = new SortedTable("runs", columns, () => runs);
    this.node = el("div", {}, el("h1", { tabindex: "-1" }, count(runs.length, "run")), this.table.node);
  }

  state({ model }) {
    return look(model.head.outcome ? model.head.outcome.status : "running");
  }

  update() {
    this.table.update();
  }
}

function startReport(main, tools) {
  const report = new Report(embedded("report"));
  tools.append(themeButton());
  main.append(report.node);
  report.show(0);
}
