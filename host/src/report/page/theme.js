// Light or dark: as the reader's system has it, until they choose.

function themeButton() {
  const words = { auto: "Colours: as the system", light: "Colours: light", dark: "Colours: dark" };
  // The first press changes something on every system.
  const order = matchMedia("(prefers-color-scheme: dark)").matches ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
  const read = () => { try { return localStorage.getItem("aos-theme") || "auto"; } catch { return "auto"; } };
  const set = (theme) => {
    if (theme === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.setAttribute("data-theme", theme);
    try { localStorage.setItem("aos-theme", theme); } catch { /* A page of a file may have no storage. */ }
    node.textContent = words[theme];
    dispatchEvent(new Event("resize"));
  };
  const node = button("", () => set(order[(order.indexOf(read()) + 1) % order.length]), { class: "small theme" });
  set(order.includes(read()) ? read() : "auto");
  return node;
}
