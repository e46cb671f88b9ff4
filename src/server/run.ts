/**
 * npm run run -- FILE... [--seconds N] [--nodes N] [--seed N]: applies manifests to a fresh cluster without a page, lets time
 * pass, and prints the pods that there are then.
 */
import { readFileSync } from 'node:fs'
import { Cluster } from '../cluster/cluster.ts'
import { clusterDoor } from '../cluster/door.ts'
import { applyFile } from '../kubectl/apply.ts'
import { readOptions } from './options.ts'
import { tuneForEngine } from './tune.ts'

interface PodTable {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[]
  readonly rows: readonly {
    readonly cells: readonly unknown[]
    readonly object: { readonly metadata: { readonly namespace: string } }
  }[]
}

function main(args: readonly string[]): void {
  tuneForEngine()
  const firstOption = args.findIndex((arg) => arg.startsWith('--'))
  const files = firstOption < 0 ? args : args.slice(0, firstOption)
  const { seconds, nodes, seed } = readOptions(firstOption < 0 ? [] : args.slice(firstOption), {
    seconds: 60,
    nodes: 2,
    seed: 42,
  })
  const cluster = new Cluster({ seed, workers: nodes })
  cluster.boot()
  const door = clusterDoor(cluster)
  for (const file of files)
    for (const { message } of applyFile(door, readFileSync(file, 'utf8'), { fileName: file })) console.log(message)
  cluster.sim.runFor(seconds * 1000)
  const { body } = door.call({ method: 'GET', path: '/api/v1/pods', accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
  printTable(body as unknown as PodTable)
}

function printTable({ columnDefinitions, rows }: PodTable): void {
  const shown = columnDefinitions.flatMap((column, i) => (column.priority === 0 ? [i] : []))
  const lines = [
    ['NAMESPACE', ...shown.map((i) => (columnDefinitions[i]?.name ?? '').toUpperCase())],
    ...rows.map((row) => [row.object.metadata.namespace, ...shown.map((i) => String(row.cells[i]))]),
  ]
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)))
  for (const line of lines)
    console.log(
      line
        .map((cell, i) => cell.padEnd((widths[i] ?? 0) + 3))
        .join('')
        .trimEnd(),
    )
}

try {
  main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
