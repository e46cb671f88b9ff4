import { serviceUnavailable } from '../../apimachinery/errors.ts'
import type { Node, Pod } from '../../apimachinery/generated/types.ts'

/** corev1.PodLogOptions, checked. */
export interface LogOptions {
  readonly container: string
  readonly follow: boolean
  readonly previous: boolean
  readonly timestamps: boolean
  readonly sinceSeconds?: number
  readonly sinceTimeMs?: number
  readonly tailLines?: number
  readonly limitBytes?: number
}

/** corev1.PodExecOptions and PodAttachOptions. */
export interface ExecOptions {
  readonly container: string
  /** Empty for attach. */
  readonly command: readonly string[]
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** The client's end of a text stream. */
export interface TextSink {
  text(chunk: string): void
  /** The stream is over; a StatusError says why when it failed. */
  end(error?: Error): void
}

/** The client's end of a running command. */
export interface ExecSink {
  stdout(chunk: string): void
  stderr(chunk: string): void
  /** The command ended with this code, or could not be run. */
  end(result: { readonly exitCode: number } | { readonly error: Error }): void
}

/** The way back into a running command. */
export interface ExecHandle {
  stdin(chunk: string): void
  closeStdin(): void
  resize(columns: number, rows: number): void
  stop(): void
}

/** A connection to a port of a pod. */
export interface PortHandle {
  send(chunk: string): void
  close(): void
}

export interface ProxyRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string
}

export interface ProxyResponse {
  readonly code: number
  readonly headers: { readonly [name: string]: string }
  readonly body: string
}

/** Where a proxied request goes. */
export type ProxyTarget =
  | { readonly kind: 'pod'; readonly pod: Pod; readonly port: number; readonly scheme: string }
  | { readonly kind: 'node'; readonly node: Node; readonly port: number; readonly scheme: string }
  | { readonly kind: 'address'; readonly ip: string; readonly port: number; readonly scheme: string }

/**
 * The kubelets' side of log, exec, attach, port-forward and proxy, as the API server reaches it. cluster/ plugs in one
 * that finds the pod's kubelet. Refusals are thrown as StatusError.
 */
export interface ContainerBackend {
  log(pod: Pod, options: LogOptions, sink: TextSink): { stop(): void }
  exec(pod: Pod, options: ExecOptions, sink: ExecSink): ExecHandle
  attach(pod: Pod, options: ExecOptions, sink: ExecSink): ExecHandle
  portForward(pod: Pod, port: number, sink: TextSink): PortHandle
  proxy(target: ProxyTarget, request: ProxyRequest, answer: (response: ProxyResponse) => void): void
}

function unreachable(): never {
  throw serviceUnavailable('no kubelet is connected to this API server')
}

/** The backend of an API server without nodes. */
export const NO_BACKEND: ContainerBackend = {
  log: unreachable,
  exec: unreachable,
  attach: unreachable,
  portForward: unreachable,
  proxy: unreachable,
}
