"use strict";
(() => {
  let theme = new URLSearchParams(location.hash.slice(1)).get("theme") || "";
  try { theme = theme || localStorage.getItem("amlcheck-theme") || ""; } catch { /* no storage here */ }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  document.documentElement.classList.add("js");
})();
