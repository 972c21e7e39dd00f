// Builds the console if its sources are newer than its dist, and writes its files as C: node embed_console.mjs DIR
// OUT.c
//
// Each file is kept as it is and, where that is smaller, gzipped. Names below assets/ carry a hash of their content
// (Vite).
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { extname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";

const [dir, out] = process.argv.slice(2);
const dist = join(dir, "dist");
const types = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".wasm": "application/wasm",
  ".woff2": "font/woff2",
  ".json": "application/json", ".webmanifest": "application/manifest+json",
};

function walk(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name === "dist") return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  });
}

function npm(...words) {
  execFileSync("npm", words, { cwd: dir, stdio: ["ignore", "inherit", "inherit"] });
}

function isNewer(path, than) {
  return !existsSync(than) || statSync(path).mtimeMs > statSync(than).mtimeMs;
}

// false: what the console is built with cannot be had (no network): the server is then built without it.
function install() {
  if (!isNewer(join(dir, "package-lock.json"), join(dir, "node_modules/.package-lock.json"))) return true;
  try {
    npm("ci", "--no-audit", "--no-fund", "--loglevel=error");
    return true;
  } catch {
    console.error("warning: npm ci fails; the server is built without the console");
    return false;
  }
}

function build() {
  if (walk(dir).some((path) => isNewer(path, join(dist, "index.html")))) npm("run", "build", "--silent");
}

// A string literal: the compiler reads it many times faster than a list of numbers.
function literal(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 64) {
    let line = "";
    for (const byte of bytes.subarray(at, at + 64)) line += "\\" + byte.toString(8).padStart(3, "0");
    text += `    "${line}"\n`;
  }
  return text || '    ""\n';
}

function row(path) {
  const bytes = readFileSync(path);
  const packed = gzipSync(bytes, { level: 9 });
  const name = "/" + relative(dist, path);
  const type = types[extname(path)] ?? "application/octet-stream";
  const etag = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const gzip = packed.length < bytes.length ? `\n${literal(packed)}    , ${packed.length}` : "NULL, 0";
  return `  {${JSON.stringify(name)}, ${JSON.stringify(type)}, "\\"${etag}\\"",\n`
    + `${literal(bytes)}    , ${bytes.length}, ${gzip}},\n`;
}

let files = [];
if (install()) {
  build();
  files = walk(dist).sort();
}
const rows = files.map(row).join("") || "  {NULL, NULL, NULL, NULL, 0, NULL, 0}";
writeFileSync(out, `#include "console_files.h"\n\nconst struct console_file console_files[] = {\n${rows}};\n` +
  `const size_t console_file_count = ${files.length};\n`);
