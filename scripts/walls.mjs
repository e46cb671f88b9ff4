// The import walls: a folder of src/ imports only from folders on lines above its own.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Lowest first. Folders on one line do not import one another. */
const LINES = [
  ['sim'],
  ['apimachinery'],
  ['etcd'],
  ['apiserver'],
  ['client'],
  ['controllers', 'scheduler', 'kubelet', 'runtime', 'network', 'kubectl'],
  ['cluster'],
  ['worker', 'server', 'lessons'],
  ['ui'],
]
/** What the page may reach: the protocol, the API's types, kubectl's completion data, lessons. */
const UI_MAY = [
  /^worker\/(worker|(.*\/)?protocol)\.ts$/,
  /^apimachinery\/(generated\/.*|resource\.ts)$/,
  /^kubectl\/completion\//,
  /^lessons\//,
]

const src = join(dirname(fileURLToPath(import.meta.url)), '../src')
const line = new Map(LINES.flatMap((folders, i) => folders.map((folder) => [folder, i])))

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (name === 'testdata' || name === 'generated') continue
    if (statSync(path).isDirectory()) yield* files(path)
    else if (/\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name)) yield path
  }
}

let broken = 0
for (const file of files(src)) {
  const from = relative(src, file)
  const home = from.split('/')[0]
  const code = readFileSync(file, 'utf8')
  const imports =
    /(?:^|\n)\s*(?:import|export)\b[^'"\n;]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|new URL\('([^']+)', import\.meta\.url\)|(?:^|\n)\s*\}\s*from\s*'([^']+)'/g
  for (const match of code.matchAll(imports)) {
    const target = match[1] ?? match[2] ?? match[3] ?? match[4]
    if (!target.startsWith('.')) continue
    const to = relative(src, resolve(dirname(file), target)).replace(/\?.*$/, '')
    const other = to.split('/')[0]
    if (other === home || to.startsWith('..')) continue
    const allowed = home === 'ui' ? UI_MAY.some((may) => may.test(to)) : (line.get(other) ?? Infinity) < (line.get(home) ?? -1)
    if (allowed) continue
    broken++
    console.error(`src/${from}: imports src/${to}, which is not below src/${home}`)
  }
}
if (broken > 0) {
  console.error(`${broken} import(s) go through a wall. The order is in CONTRIBUTING.md.`)
  process.exit(1)
}
