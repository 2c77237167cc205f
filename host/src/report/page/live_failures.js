// The catalogue of failures.

function failuresPage(code) {
  const [notice, place] = [el("div", {}), el("div", {})];
  const load = code === undefined ? service.get("v1/failures").then(failureList) : service.get("v1/failures/" + encodeURIComponent(code)).then(failureView);
  load.then((found) => fill(place, found), (error) => fill(notice, problemView(error)));
  return { node: el("div", {}, el("h1", { tabindex: "-1" }, code === undefined ? "Failures" : bdi(code)), notice, place), title: code || "Failures", leave: () => {} };
}

function failureList(rows) {
  const table = new SortedTable("failures", [
    { name: "Code", value: (row) => row.code, show: (row) => el("a", { href: "#/failures/" + row.code, class: "short" }, row.code) },
    { name: "Class", value: (row) => row.category },
    { name: "What happened", value: (row) => row.meaning },
    { name: "Tried again", value: (row) => (row.retryable ? "yes" : "no") },
    { name: "Who can act", value: (row) => row.fault },
    { name: "Money held", value: (row) => row.settlement },
  ], () => rows);
  table.update();
  return table.node;
}

function failureView(row) {
  return [cataloguePage(row, catalogueLink, 0), el("p", {}, el("a", { href: "#/failures" }, "All codes"))];
}
