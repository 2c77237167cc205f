// The page begins: a report where one is in it, and the live page otherwise.

function start() {
  const [main, tools] = [document.getElementById("main"), document.getElementById("tools")];
  try {
    if (document.getElementById("report")) startReport(main, tools);
    else startLive(main, tools);
  } catch (error) {
    fill(main, el("p", { class: "message" }, "This page could not be drawn: " + error.message));
    console.error(error);
  }
  document.documentElement.setAttribute("data-ready", "");
}

start();
