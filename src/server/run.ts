/**
 * npm run run -- FILE... [--seconds N] [--nodes N] [--seed N]: applies manifests to a fresh cluster without a page, lets time
 * pass, and prints what there is then.
 */
import { readFileSync } from 'node:fs'
import { Engine } from '../worker/engine.ts'

const args = process.argv.slice(2)
const numbers: Record<string, number> = { seconds: 60, nodes: 2, seed: 42 }
const files: string[] = []
for (let i = 0; i < args.length; i++) {
  const arg = args[i] ?? ''
  if (arg.startsWith('--')) numbers[arg.slice(2)] = Number(args[++i])
  else files.push(arg)
}

const engine = new Engine({ now: () => performance.now(), later: () => undefined }, (message) => {
  if (message.type === 'crash') console.error(message.message)
})
await engine.start({ seed: numbers['seed'], workers: numbers['nodes'] })
for (const file of files) for (const { message } of await engine.apply(readFileSync(file, 'utf8'))) console.log(message)
engine.runFor((numbers['seconds'] ?? 60) * 1000)
const pods = (await engine.call({ method: 'GET', path: '/api/v1/pods', accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }))
  .body as {
  columnDefinitions?: { name: string; priority: number }[]
  rows?: { cells: unknown[]; object: { metadata: { namespace: string } } }[]
}
const shown = (pods.columnDefinitions ?? []).flatMap((column, i) => (column.priority === 0 ? [i] : []))
const table = [
  ['NAMESPACE', ...shown.map((i) => (pods.columnDefinitions?.[i]?.name ?? '').toUpperCase())],
  ...(pods.rows ?? []).map((row) => [row.object.metadata.namespace, ...shown.map((i) => String(row.cells[i]))]),
]
const widths = (table[0] ?? []).map((_, i) => Math.max(...table.map((row) => (row[i] ?? '').length)))
for (const row of table)
  console.log(
    row
      .map((cell, i) => cell.padEnd((widths[i] ?? 0) + 3))
      .join('')
      .trimEnd(),
  )
