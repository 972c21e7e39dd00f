const app = document.getElementById("app")!;
const title = document.createElement("h1");
title.textContent = "Huoma 活码";
const state = document.createElement("p");
app.append(title, state);
fetch("/api/v1/me").then((answer) => {
  state.textContent = answer.ok ? "已登录 · Logged in" : "未登录 · Not logged in";
});
