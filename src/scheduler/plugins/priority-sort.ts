import type { Plugin } from '../framework.ts'

/** Higher priority first, then who waits longer. k8s 1.36: plugins/queuesort. */
export function prioritySort(): Plugin {
  return {
    name: 'PrioritySort',
    less: (a, b) => (a.priority === b.priority ? a.timestampMs < b.timestampMs : a.priority > b.priority),
  }
}
