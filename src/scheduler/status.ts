/** What a plugin answers. Only rejections and errors are objects: success is null everywhere. */
type StatusCode = 'Error' | 'Unschedulable' | 'UnschedulableAndUnresolvable' | 'Pending'

export interface Status {
  readonly code: StatusCode
  /** The plugin that answered; '' when no plugin is to blame. */
  readonly plugin: string
  readonly reasons: readonly string[]
}

/** A rejection that preemption may resolve. Make it once and share it: statuses are immutable. */
export function unschedulable(plugin: string, ...reasons: string[]): Status {
  return { code: 'Unschedulable', plugin, reasons }
}

/** A rejection that no preemption resolves. */
export function unresolvable(plugin: string, ...reasons: string[]): Status {
  return { code: 'UnschedulableAndUnresolvable', plugin, reasons }
}

/** A failure inside a plugin: the pod is retried after an error back-off. */
export function failure(plugin: string, message: string): Status {
  return { code: 'Error', plugin, reasons: [message] }
}

export function isRejection(status: Status): boolean {
  return status.code !== 'Error'
}
