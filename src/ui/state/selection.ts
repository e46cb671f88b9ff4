import { create } from 'zustand'

/** Names one API object. Everything selected anywhere is selected everywhere, and stands in the URL. */
export interface ObjectRef {
  /** '' for the core group. */
  readonly group: string
  readonly version: string
  /** The plural in lower case. */
  readonly resource: string
  readonly kind: string
  /** '' for cluster-scoped objects. */
  readonly namespace: string
  readonly name: string
}

interface SelectionState {
  readonly selected: ObjectRef | null
  /** Selects an object, or nothing. */
  readonly select: (ref: ObjectRef | null) => void
}

export const useSelection = create<SelectionState>()((set) => ({
  selected: null,
  select: (selected) => set({ selected }),
}))

export function podRef(namespace: string, name: string): ObjectRef {
  return { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespace, name }
}
export function nodeRef(name: string): ObjectRef {
  return { group: '', version: 'v1', resource: 'nodes', kind: 'Node', namespace: '', name }
}

/** Whether both name the same object, whatever version they were read at. */
export function sameObject(a: ObjectRef | null, b: ObjectRef | null): boolean {
  if (a === b) return true
  return (
    a !== null &&
    b !== null &&
    a.group === b.group &&
    a.resource === b.resource &&
    a.namespace === b.namespace &&
    a.name === b.name
  )
}
