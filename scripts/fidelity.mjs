// Builds docs/fidelity.md from the SIMPLIFIED marks in the source and from docs/stored-without-effect.md.
// With --check it only says whether the page is up to date.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const target = join(root, 'docs/fidelity.md')

function* files(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    if (name === 'generated' || name === 'testdata') continue
    if (statSync(path).isDirectory()) yield* files(path)
    else if (/\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name)) yield path
  }
}

/** The text of a mark: the rest of its line and the comment lines that follow. */
function marksOf(path) {
  const lines = readFileSync(path, 'utf8').split('\n')
  const marks = []
  lines.forEach((line, i) => {
    const at = line.indexOf('SIMPLIFIED:')
    if (at < 0) return
    let text = line.slice(at + 'SIMPLIFIED:'.length)
    for (let j = i + 1; j < lines.length && !/\*\//.test(lines[j - 1]); j++) {
      const more = /^\s*(?:\*(?!\/)|\/\/)\s?(.*)$/.exec(lines[j])
      if (!more || more[1].trim() === '' || /^(k8s|Source|SIMPLIFIED|@)/.test(more[1].trim())) break
      text += ` ${more[1]}`
    }
    marks.push(
      text
        .replace(/\*\/.*$/, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
  })
  return marks
}

const byFolder = new Map()
for (const path of files(join(root, 'src'))) {
  for (const mark of marksOf(path)) {
    const file = relative(root, path)
    const folder = file.split('/')[1]
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), { file, mark }])
  }
}

const lines = [
  '# Fidelity',
  '',
  'Kubernetes 1.36 is the behaviour that Kubarium reproduces. This page lists where it knowingly does less. It is built by',
  '`npm run fidelity` from the `SIMPLIFIED:` marks in the source; `npm run check` fails when it is out of date.',
  '',
  '## Done more simply',
]
for (const [folder, marks] of [...byFolder].sort()) {
  lines.push('', `### ${folder}`, '', '| where | what |', '|---|---|')
  for (const { file, mark } of marks)
    lines.push(`| [${file.slice(4 + folder.length + 1)}](../${file}) | ${mark.replaceAll('|', '\\|')} |`)
}
lines.push('', readFileSync(join(root, 'docs/stored-without-effect.md'), 'utf8').trim(), '')
const page = lines.join('\n')

if (process.argv.includes('--check')) {
  let current = ''
  try {
    current = readFileSync(target, 'utf8')
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  if (current !== page) {
    console.error('docs/fidelity.md is out of date: run npm run fidelity and commit the result.')
    process.exit(1)
  }
} else writeFileSync(target, page)
