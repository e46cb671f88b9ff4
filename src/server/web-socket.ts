import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { StatusError } from '../apimachinery/errors.ts'
import type { ExecHandle } from '../apiserver/connect/backend.ts'
import type { HttpAnswer, HttpExec, HttpPortForward, HttpResponse, HttpStream } from '../apiserver/http/types.ts'
import type { WallClock } from './wall-clock.ts'

/** First byte of each message. k8s 1.36: remotecommand/constants.go. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 }
/** Subprotocols, best first; '' stands for a client that asks for none. k8s 1.36: cri/streaming/remotecommand/websocket.go. */
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io', 'binary.k8s.io']

const servers = new WebSocketServer({
  noServer: true,
  handleProtocols: (offered) => PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
})

/** Answers a request that asks for a WebSocket: exec, attach, port-forward, and streams (logs, watches) as messages. */
export function answerUpgrade(
  clock: WallClock,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  answer: HttpAnswer,
): void {
  const isText = answer.kind === 'response' && answer.code === 200
  if (request.headers.upgrade?.toLowerCase() !== 'websocket')
    return refuse(socket, 400, 'only WebSocket connections are upgraded')
  if (answer.kind === 'response' && !isText) return refuse(socket, answer.code, answer.body, answer.headers)
  if (answer.kind === 'pending') return refuse(socket, 501, 'proxied connections are not upgraded')
  servers.handleUpgrade(request, socket, head, (client) => {
    client.on('error', () => client.close())
    if (answer.kind === 'exec') runCommand(clock, client, answer)
    else if (answer.kind === 'portforward') forwardPorts(clock, client, answer, request.url ?? '')
    else sendStream(clock, client, answer)
  })
}

function refuse(socket: Duplex, code: number, body: string, headers: HttpResponse['headers'] = {}): void {
  const type = headers['content-type']
  socket.end(
    `HTTP/1.1 ${code} ${code === 404 ? 'Not Found' : 'Refused'}\r\ncontent-type: ${typeof type === 'string' ? type : 'text/plain'}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

function message(channel: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([channel]), Buffer.from(text, 'utf8')])
}

/** A log or watch: each piece is a message of its own. */
function sendStream(clock: WallClock, client: WebSocket, answer: HttpResponse | HttpStream): void {
  if (answer.kind === 'response') {
    client.send(Buffer.from(answer.body, 'utf8'))
    return client.close(1000)
  }
  const handle = clock.run(() =>
    answer.open({ write: (text) => client.send(Buffer.from(text, 'utf8')), end: () => client.close(1000) }),
  )
  client.on('close', () => clock.run(() => handle.stop()))
}

function runCommand(clock: WallClock, client: WebSocket, answer: HttpExec): void {
  const finish = (result: { readonly exitCode: number } | { readonly error: Error }) => {
    client.send(message(CHANNEL.error, client.protocol === 'channel.k8s.io' ? '' : JSON.stringify(statusOf(result))))
    client.close(1000)
  }
  let handle: ExecHandle
  try {
    handle = clock.run(() =>
      answer.open({
        stdout: (text) => client.send(message(CHANNEL.stdout, text)),
        stderr: (text) => client.send(message(CHANNEL.stderr, text)),
        end: finish,
      }),
    )
  } catch (error) {
    return finish({ error: error instanceof Error ? error : new Error(String(error)) })
  }
  client.on('message', (data) => clock.run(() => receive(handle, data)))
  client.on('close', () => clock.run(() => handle.stop()))
}

function receive(handle: ExecHandle, data: Buffer): void {
  const rest = data.subarray(1)
  if (data[0] === CHANNEL.stdin) handle.stdin(rest.toString('utf8'))
  else if (data[0] === CHANNEL.close && rest[0] === CHANNEL.stdin) handle.closeStdin()
  else if (data[0] === CHANNEL.resize) {
    const { Width = 0, Height = 0 } = JSON.parse(rest.toString('utf8')) as { Width?: number; Height?: number }
    handle.resize(Width, Height)
  }
}

/** How the command ended, as the client reads it on the error channel. k8s 1.36: remotecommand ServeExec. */
function statusOf(result: { readonly exitCode: number } | { readonly error: Error }): object {
  if ('error' in result) {
    const { error } = result
    if (error instanceof StatusError) return error.status
    return { metadata: {}, status: 'Failure', message: error.message, reason: 'InternalError', code: 500 }
  }
  if (result.exitCode === 0) return { metadata: {}, status: 'Success' }
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${result.exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(result.exitCode) }] },
  }
}

/**
 * Two channels for each port of the query, data and errors; the first message of each names the port.
 * SIMPLIFIED: kubectl's own tunnel (SPDY within a WebSocket) is not spoken. k8s 1.36: portforward/websocket.go.
 */
function forwardPorts(clock: WallClock, client: WebSocket, answer: HttpPortForward, url: string): void {
  const ports = new URL(url, 'http://localhost').searchParams.getAll('ports').flatMap((text) => text.split(',').map(Number))
  const handles = ports.map((port, i) => {
    const number = Buffer.from([port & 255, port >> 8])
    for (const channel of [2 * i, 2 * i + 1]) client.send(Buffer.concat([Buffer.from([channel]), number]))
    try {
      return clock.run(() =>
        answer.open(port, { text: (text) => client.send(message(2 * i, text)), end: () => client.close(1000) }),
      )
    } catch (error) {
      client.send(message(2 * i + 1, error instanceof Error ? error.message : String(error)))
      return undefined
    }
  })
  client.on('message', (data) => clock.run(() => handles[(data[0] ?? 0) / 2]?.send(data.subarray(1).toString('utf8'))))
  client.on('close', () => clock.run(() => handles.forEach((handle) => handle?.close())))
}
