"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = button.dataset.done;
    } catch {
      // Without leave to write (plain http on another machine) the address is selected to be copied by hand.
      getSelection().selectAllChildren(source);
    }
  });
}
