// What the pages do beyond plain forms. Without it everything still works.
"use strict";
document.documentElement.classList.add("js");

const live = () => document.getElementById("live");

// A failed save keeps what was chosen or typed, and says so beside it.
const failed = (form, why) => {
  const saved = form && form.querySelector(".saved");
  if (saved) saved.classList.add("msg");
  (saved || live()).textContent = "Inte sparat. " + (why || "Servern svarade inte.") + " Det du skrev står kvar här.";
};
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(name, (e) => {
    const xhr = e.detail.xhr;
    const told = xhr && xhr.status && (xhr.getResponseHeader("Content-Type") || "").startsWith("text/plain");
    failed(e.target.closest("form"), told ? xhr.responseText.trim() : "");
  });
}

// An error summary or a conflict takes focus, so that it is read first.
const focusFirst = (root) => {
  const box = root.querySelector("[data-focus]");
  if (box) box.focus();
};
document.addEventListener("DOMContentLoaded", () => focusFirst(document));
document.addEventListener("htmx:afterSwap", (e) => {
  focusFirst(e.target);
  // What is swapped in may stand for another address, to reload and to share.
  if (e.target.dataset && e.target.dataset.address) history.replaceState(null, "", e.target.dataset.address);
});

// "Inget av dessa" and "Vet ej" exclude the other ticks.
document.addEventListener("change", (e) => {
  const box = e.target;
  if (box.type !== "checkbox" || !box.checked || !box.form) return;
  for (const other of box.form.querySelectorAll('[type=checkbox][name="' + box.name + '"]')) {
    if (other !== box && (box.hasAttribute("data-alone") || other.hasAttribute("data-alone"))) other.checked = false;
  }
}, true);

// Leaving with something typed but not saved warns.
let dirty = false;
document.addEventListener("input", (e) => { if (e.target.closest("[data-dirty]")) dirty = true; });

// A form that leads to a new page first asks whether the server answers: else
// the browser's error page would take the place of the text.
let asked = null, sent = null;
document.addEventListener("submit", (e) => {
  const form = e.target;
  if (!form.matches("[data-dirty]") || form === sent) {
    dirty = false;
    return;
  }
  e.preventDefault();
  if (form === asked) return; // a second click
  asked = form;
  fetch(form.dataset.ask || "/inloggad").then((answer) => {
    if (!answer.ok) throw answer;
    sent = form;
    form.requestSubmit(e.submitter);
    sent = null;
    setTimeout(() => { asked = null; }, 3000); // somebody stopped it
  }).catch((answer) => {
    asked = null;
    failed(form, answer.status === 401 && "Du är inte inloggad längre: logga in i en ny flik och spara sedan igen.");
  });
});
window.addEventListener("beforeunload", (e) => { if (dirty) e.preventDefault(); });

// In a list of answers, arrow up and down go to the same button of the nearest
// row that has it: an answer, an arrow, the next answer. From a title they go to
// the next title until something has been answered.
let pressed = "";
document.addEventListener("click", (e) => {
  const button = e.target.closest(".ans button");
  if (button) pressed = button.value;
});
document.addEventListener("keydown", (e) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  const from = e.target.closest(".ans button, .ans h3 a");
  if (!step || !from || e.altKey || e.ctrlKey || e.metaKey || e.shiftKey) return;
  const rows = [...document.querySelectorAll(".ans")];
  const want = from.value || pressed;
  const goal = (row) => (want ? [...row.querySelectorAll("button")].find((b) => b.value === want) : row.querySelector("h3 a"));
  for (let i = rows.indexOf(from.closest(".ans")) + step; rows[i]; i += step) {
    if (!goal(rows[i])) continue;
    e.preventDefault();
    goal(rows[i]).focus();
    return;
  }
});

// Print straight away where the page already shows everything.
document.addEventListener("click", (e) => {
  const link = e.target.closest("a[data-print]");
  if (!link) return;
  e.preventDefault();
  window.print();
});

// The area list follows the page.
const areas = document.querySelectorAll(".areas a[href^='#']");
if (areas.length && "IntersectionObserver" in window) {
  const mark = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const a of areas) {
        if (a.hash === "#" + entry.target.id) a.setAttribute("aria-current", "true");
        else a.removeAttribute("aria-current");
      }
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const a of areas) {
    const section = document.getElementById(a.hash.slice(1));
    if (section) mark.observe(section);
  }
}
