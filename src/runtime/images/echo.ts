/** Servers that tell a request back: who is seen to ask, by which name, with which headers. */
import { formatTime } from '../../sim/time.ts'
import { ALPINE, layered, tagged, type Image } from '../image.ts'
import { print, type HttpRequest, type HttpResponse, type Program, type System } from '../program.ts'
import type { Endpoint } from '../sockets.ts'
import { http, MiB, server } from './server.ts'

type Answer = (system: System, request: HttpRequest, peer: Endpoint, port: number) => HttpResponse

const flag = (system: System, name: string): string | undefined => {
  for (const [i, word] of system.argv.entries()) {
    const match = new RegExp(`^--?${name}(?:=(.*))?$`).exec(word)
    if (match) return match[1] ?? system.argv[i + 1]
  }
  return undefined
}

const echoing = (port: (system: System) => number, answer: Answer): Program =>
  server({
    startMs: 60,
    memoryBytes: 8 * MiB,
    ports: (system) => {
      const at = port(system)
      return [{ port: at, service: http((request, peer) => answer(system, request, peer, at)) }]
    },
  })

const headerLines = (headers: HttpRequest['headers'], line: (name: string, value: string) => string) =>
  Object.entries(headers)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => line(name, value))
    .join('')

const hostOf = (headers: HttpRequest['headers'], port: number) =>
  Object.entries(headers).find(([name]) => name.toLowerCase() === 'host')?.[1] ?? `localhost:${port}`

/** registry.k8s.io/echoserver 1.10: nginx with a script. */
const echoserverText: Answer = (system, { method, path, headers, body }, peer, port) => ({
  status: 200,
  headers: { Server: 'echoserver', 'Content-Type': 'text/plain' },
  body: `\n\nHostname: ${system.hostname}\n\nPod Information:\n\t-no pod information available-\n\nServer values:\n\tserver_version=nginx: 1.13.3 - lua: 10008\n\nRequest Information:\n\tclient_address=${peer.address}\n\tmethod=${method}\n\treal path=${path}\n\tquery=${path.split('?')[1] ?? ''}\n\trequest_version=1.1\n\trequest_scheme=http\n\trequest_uri=http://${hostOf(headers, port)}${path}\n\nRequest Headers:\n${headerLines(headers, (name, value) => `\t${name.toLowerCase()}=${value}\n`)}\nRequest Body:\n\t${body === '' ? '-no body in request-' : body}\n\n`,
})

/** traefik/whoami. */
const whoamiText: Answer = (system, { method, path, headers }, peer, port) => {
  const clean = path.split('?')[0]
  if (clean === '/health') return { status: 200, body: '' }
  if (clean === '/api')
    return {
      status: 200,
      body: JSON.stringify({
        hostname: system.hostname,
        ip: ['127.0.0.1', system.ip],
        headers,
        url: path,
        host: hostOf(headers, port),
        method,
        remoteAddr: `${peer.address}:${peer.port}`,
      }),
    }
  return {
    status: 200,
    body: `Hostname: ${system.hostname}\nIP: 127.0.0.1\nIP: ::1\nIP: ${system.ip}\nRemoteAddr: ${peer.address}:${peer.port}\n${method} ${path} HTTP/1.1\nHost: ${hostOf(headers, port)}\n${headerLines(headers, (name, value) => (name.toLowerCase() === 'host' ? '' : `${name}: ${value}\n`))}\n`,
  }
}

/** ealen/echo-server and mendhak/http-https-echo, about. */
const jsonText: Answer = (system, { method, path, headers, body }, peer, port) => ({
  status: 200,
  body: `${JSON.stringify({ host: { hostname: hostOf(headers, port), ip: peer.address, ips: [] }, http: { method, baseUrl: '', originalUrl: path, protocol: 'http' }, request: { params: {}, query: {}, cookies: {}, body, headers }, environment: { HOSTNAME: system.hostname } })}\n`,
})

const bootcampText: Answer = (system) => {
  const version = /:v?(\d+)/.exec(system.image)?.[1] ?? '1'
  return { status: 200, body: `Hello Kubernetes bootcamp! | Running on: ${system.hostname} | v=${version}\n` }
}

const plainText: Answer = (system, { path }, peer, port) => ({
  status: 200,
  body: `Server address: ${system.ip}:${port}\nServer name: ${system.hostname}\nDate: ${formatTime(system.sim.now)}\nURI: ${path}\nRequest ID: ${peer.port.toString(16).padStart(32, '0')}\n`,
})

function image(repository: string, program: string, size: number, run: Program, more: Partial<Image> = {}): Image {
  return {
    repository,
    tags: tagged('latest', 'plain-text', 'alpine', /^v?\d+(\.\d+)*(-.*)?$/),
    layers: (tag) => layered(ALPINE, program, size)(tag),
    entrypoint: [`/${program}`],
    tools: 'busybox',
    programs: { [program]: run },
    ...more,
  }
}

const envPort = (fallback: number) => (system: System) => Number(system.env['PORT'] ?? system.env['HTTP_PORT'] ?? fallback)
const whoami = echoing((system) => Number(flag(system, 'port') ?? system.env['WHOAMI_PORT_NUMBER'] ?? 80), whoamiText)
const httpEcho: Program = server({
  startMs: 20,
  memoryBytes: 4 * MiB,
  ports: (system) => {
    const port = Number(/:(\d+)$/.exec(flag(system, 'listen') ?? ':5678')?.[1] ?? 5678)
    const text = flag(system, 'text') ?? system.env['ECHO_TEXT'] ?? 'hello-world'
    const answer = (request: HttpRequest, peer: Endpoint): HttpResponse => {
      if (peer.port !== 0)
        print(
          system,
          `${formatTime(system.sim.now)} ${hostOf(request.headers, port)} ${peer.address}:${peer.port} "${request.method} ${request.path} HTTP/1.1" 200 ${text.length + 1} "${request.headers['User-Agent'] ?? ''}" 15.208µs`,
        )
      return {
        status: Number(flag(system, 'status-code') ?? 200),
        body: `${text}\n`,
        headers: { 'X-App-Name': 'http-echo', 'X-App-Version': '1.0.0' },
      }
    }
    return [{ port, service: http(answer) }]
  },
  started: () => ['[INFO] server is listening on :5678'],
})

export const echoImages: readonly Image[] = [
  image('registry.k8s.io/echoserver', 'echoserver', 42, echoing(envPort(8080), echoserverText), {
    aliases: [
      'k8s.gcr.io/echoserver',
      'gcr.io/google_containers/echoserver',
      'registry.k8s.io/e2e-test-images/echoserver',
      'docker.io/kicbase/echo-server',
    ],
    tools: 'debian',
  }),
  image('docker.io/ealen/echo-server', 'echo-server', 45, echoing(envPort(80), jsonText), {
    aliases: ['docker.io/mendhak/http-https-echo'],
  }),
  image(
    'gcr.io/google-samples/kubernetes-bootcamp',
    'bootcamp',
    80,
    echoing(() => 8080, bootcampText),
    {
      aliases: ['docker.io/jocatalin/kubernetes-bootcamp'],
      tools: 'debian',
    },
  ),
  image('docker.io/traefik/whoami', 'whoami', 3, whoami, { aliases: ['docker.io/containous/whoami'], tools: 'none' }),
  image('docker.io/hashicorp/http-echo', 'http-echo', 4, httpEcho, { tools: 'none' }),
  image(
    'docker.io/nginxdemos/hello',
    'nginx',
    16,
    echoing(() => 80, plainText),
  ),
]
