import type { NodeRow, PodRow } from '../../../worker/protocol.ts'

interface PickerRow {
  readonly namespace: string
  readonly name: string
  readonly state: number
  readonly status: string
  /** '' while it has none. */
  readonly node: string
}

/** Pods whose name or namespace has the text in it: those without a node first, system pods last. */
export function pickerRows(
  map: { readonly nodes: ReadonlyMap<number, NodeRow>; readonly pods: ReadonlyMap<number, PodRow> },
  search: string,
): readonly PickerRow[] {
  const rows = [...map.pods.values()]
    .filter(({ namespace, name }) => `${namespace}/${name}`.includes(search.trim()))
    .map(({ namespace, name, state, status, node }) => ({
      namespace,
      name,
      state,
      status,
      node: map.nodes.get(node)?.name ?? '',
    }))
  const rank = ({ node, namespace }: PickerRow) => (node === '' ? 0 : namespace.startsWith('kube-') ? 2 : 1)
  return rows.sort((a, b) => rank(a) - rank(b) || (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1))
}
