"use strict";
(() => {
  let theme = "";
  try { theme = localStorage.getItem("amlcheck-theme") || ""; } catch { /* no storage here */ }
  theme = theme || new URLSearchParams(location.hash.slice(1)).get("theme") || "";
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  document.documentElement.classList.add("js");
})();
