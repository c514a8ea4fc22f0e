// Builds elements. Everything shown is text that strangers wrote: it goes in as text, never as markup.

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Touch the page only where it changes: a person may be reading, selecting or tabbing there.
export function replaceWhenNew(parent, key, build) {
  if (parent.dataset.key === key) return false;
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.id : undefined;
  parent.dataset.key = key;
  parent.replaceChildren(...build());
  if (focused) parent.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
  return true;
}

export function setChoices(select, choices, nothing) {
  const before = select.value;
  const listed = choices.length ? choices : [{ value: "", label: nothing }];
  replaceWhenNew(select, JSON.stringify(listed), () =>
    listed.map(({ value, label }) => element("option", { value, textContent: label })),
  );
  if (listed.some(({ value }) => value === before)) select.value = before;
  select.disabled = choices.length === 0;
}

export function clock(stamp) {
  return new Date(stamp).toLocaleTimeString([], { hour12: false, hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
