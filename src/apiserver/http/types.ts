import type { UserInfo } from '../api.ts'
import type { ExecSink, ExecHandle } from '../connect/backend.ts'

/** A header may come several times. Names are in lower case. */
export type Headers = { readonly [name: string]: string | readonly string[] | undefined }

/** An HTTP request as the listener got it. */
export interface HttpRequest {
  readonly method: string
  /** Without the query; still percent-encoded. */
  readonly path: string
  /** After the '?', or ''. */
  readonly query: string
  readonly headers: Headers
  /** Text. Protobuf bodies reach the codec as JSON: the listener that has the bytes decodes them. */
  readonly body: string
  /** Who the transport says it is (client certificate); tokens in the headers win over nothing else. */
  readonly user?: UserInfo
}

export interface HttpResponse {
  readonly kind: 'response'
  readonly code: number
  readonly headers: { readonly [name: string]: string | readonly string[] }
  readonly body: string
}

/** Where a stream's text goes. */
export interface StreamSink {
  write(chunk: string): void
  end(): void
}

/** An answer that goes on until either side ends it (watch, followed log). */
export interface HttpStream {
  readonly kind: 'stream'
  readonly code: number
  readonly headers: { readonly [name: string]: string | readonly string[] }
  readonly open: (sink: StreamSink) => { stop(): void }
}

/** An answer that comes later (proxied requests). */
export interface HttpPending {
  readonly kind: 'pending'
  readonly start: (answer: (response: HttpResponse) => void) => void
}

/** exec, attach: the listener upgrades to a WebSocket (v5.channel.k8s.io) and moves the bytes. */
export interface HttpExec {
  readonly kind: 'exec'
  readonly tty: boolean
  readonly stdin: boolean
  readonly open: (sink: ExecSink) => ExecHandle
}

/** port-forward: the listener upgrades and opens a connection per port. */
export interface HttpPortForward {
  readonly kind: 'portforward'
  readonly open: (
    port: number,
    sink: { text(chunk: string): void; end(error?: Error): void },
  ) => { send(chunk: string): void; close(): void }
}

export type HttpAnswer = HttpResponse | HttpStream | HttpPending | HttpExec | HttpPortForward

export function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' || value === undefined ? value : value.join(', ')
}

export function headerList(headers: Headers, name: string): readonly string[] {
  const value = headers[name]
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}
