// Tabs as the keyboard knows them: one stop, arrows between them.

export function wireTabs(root, name) {
  const tabs = [...root.querySelectorAll("[role=tab]")];
  const panels = [...root.querySelectorAll("[role=tabpanel]")];
  const choose = (tab) => {
    for (const each of tabs) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
    }
    for (const panel of panels) panel.hidden = panel.dataset.panel !== tab.dataset.tab;
  };
  tabs.forEach((tab, index) => {
    tab.id = `${name}-${tab.dataset.tab}`;
    panels[index].id = `${tab.id}-panel`;
    tab.setAttribute("aria-controls", panels[index].id);
    panels[index].setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs.at((index + step) % tabs.length);
      choose(next);
      next.focus();
    });
  });
  choose(tabs[0]);
}
