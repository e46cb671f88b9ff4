import { sleep, type Task } from '../../sim/task.ts'
import { ALPINE, DEBIAN, layered, tagged, type Image } from '../image.ts'
import type { Endpoint } from '../sockets.ts'
import { logAccess } from './access-log.ts'
import { print, runProgram, untilTerminated, type HttpRequest, type HttpResponse, type System } from '../program.ts'

const ROOT = '/usr/share/nginx/html'
const WELCOME = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>

<p>For online documentation and support please refer to
<a href="http://nginx.org/">nginx.org</a>.<br/>
Commercial support is available at
<a href="http://nginx.com/">nginx.com</a>.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
`

const versionOf = (system: System) => /:(\d+\.\d+\.\d+)/.exec(system.image)?.[1] ?? '1.29.4'

const page = (status: number, title: string, version: string) =>
  `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n<hr><center>nginx/${version}</center>\r\n</body>\r\n</html>\r\n`

function find(system: System, { path }: HttpRequest): HttpResponse {
  const clean = path.split('?')[0] ?? '/'
  const file = `${ROOT}${clean.endsWith('/') ? `${clean}index.html` : clean}`
  const body = system.files.read(file)
  if (body !== undefined) return { status: 200, body }
  if (clean.endsWith('/') && system.files.isFolder(`${ROOT}${clean}`))
    return { status: 403, body: page(403, 'Forbidden', versionOf(system)) }
  return { status: 404, body: page(404, 'Not Found', versionOf(system)) }
}

function serve(system: System, request: HttpRequest, peer: Endpoint): HttpResponse {
  const answer = find(system, request)
  logAccess(system, request, peer, answer, true)
  return { ...answer, headers: { Server: `nginx/${versionOf(system)}`, 'Content-Type': 'text/html' } }
}

/** The port of the first `listen` in the configuration; 80 unless changed. */
function portOf(system: System): number {
  const configs = ['/etc/nginx/nginx.conf', ...system.files.list('/etc/nginx/conf.d').map((f) => `/etc/nginx/conf.d/${f}`)]
  for (const path of configs) {
    const match = /^\s*listen\s+(?:[\d.]+:)?(\d+)/m.exec(system.files.read(path) ?? '')
    if (match) return Number(match[1])
  }
  return 80
}

/** nginx -g 'daemon off;' */
export function* nginx(system: System): Task<number> {
  const config = system.files.read('/etc/nginx/conf.d/default.conf') ?? ''
  const notice = (text: string) => system.writeError(`[notice] 1#1: ${text}\n`)
  const open = config.split('{').length
  if (open !== config.split('}').length) {
    system.writeError('nginx: [emerg] unexpected end of file, expecting "}" in /etc/nginx/conf.d/default.conf\n')
    return 1
  }
  yield* sleep(30)
  system.setMemory(6_000_000)
  system.setCpu(1)
  const port = portOf(system)
  if (!system.listen(port, { protocol: 'http', http: (request, peer) => serve(system, request, peer) })) {
    system.writeError(`nginx: [emerg] bind() to 0.0.0.0:${port} failed (98: Address already in use)\n`)
    yield* sleep(2500)
    system.writeError('nginx: [emerg] still could not bind()\n')
    return 1
  }
  notice(`using the "epoll" event method`)
  notice(`nginx/${versionOf(system)}`)
  notice('start worker processes')
  const signal = yield* untilTerminated(system)
  notice(`signal ${signal === 'SIGQUIT' ? '3 (SIGQUIT) received, shutting down' : '15 (SIGTERM) received, exiting'}`)
  yield* sleep(20)
  notice('exit')
  return 0
}

function* entrypoint(system: System): Task<number> {
  const [, name = '', ...args] = system.argv
  const program = system.find(name)
  if (!program) {
    system.writeError(`/docker-entrypoint.sh: exec: line 47: ${name}: not found\n`)
    return 127
  }
  if (name === 'nginx') {
    print(system, '/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration')
    print(system, '/docker-entrypoint.sh: Configuration complete; ready for start up')
  }
  return yield* runProgram(system.child([name, ...args], { replace: true }), program)
}

const VERSIONS = /^1\.(7\.9|8|9|1\d|2\d)(\.\d{1,2})?(-alpine|-alpine-slim|-perl|-bookworm|-alpine-perl|-\d)?$/
const base = (tag: string) => (tag.includes('alpine') ? ALPINE : DEBIAN)

export const nginxImage: Image = {
  repository: 'docker.io/library/nginx',
  aliases: ['registry.k8s.io/e2e-test-images/nginx'],
  tags: tagged(
    'latest',
    'alpine',
    'stable',
    'mainline',
    'stable-alpine',
    'mainline-alpine',
    'alpine-slim',
    'perl',
    'bookworm',
    '1',
    '1-alpine',
    VERSIONS,
  ),
  layers: (tag) => layered(base(tag), 'nginx', tag.includes('alpine') ? 18.4 : 43.9)(tag),
  entrypoint: ['/docker-entrypoint.sh'],
  cmd: ['nginx', '-g', 'daemon off;'],
  env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', NGINX_VERSION: '1.29.4' },
  stopSignal: 'SIGQUIT',
  tools: 'debian',
  files: {
    [`${ROOT}/index.html`]: WELCOME,
    [`${ROOT}/50x.html`]: '<html><head><title>Error</title></head></html>\n',
    '/etc/nginx/nginx.conf': 'user  nginx;\nworker_processes  auto;\ninclude /etc/nginx/conf.d/*.conf;\n',
    '/etc/nginx/conf.d/default.conf':
      'server {\n    listen       80;\n    server_name  localhost;\n    location / {\n        root   /usr/share/nginx/html;\n    }\n}\n',
  },
  programs: { 'docker-entrypoint.sh': entrypoint, nginx },
}
