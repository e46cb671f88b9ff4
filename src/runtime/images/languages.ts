import { sleep, type Task } from '../../sim/task.ts'
import { ALPINE, DEBIAN, layered, tagged, type Image } from '../image.ts'
import { print, type System } from '../program.ts'
import { fixed, MiB, server } from './server.ts'

const VERSION = /^\d+(\.\d+)*(-[\w.-]+)?$/

/**
 * A language's runtime. SIMPLIFIED: it does not run programs; `python -m http.server` serves, -c and -e print what a
 * single print statement prints, anything else ends as if it had worked.
 */
function* interpreter(system: System): Task<number> {
  const [name = '', ...args] = system.argv
  const module = args.indexOf('-m')
  if (module >= 0 && args[module + 1] === 'http.server') {
    const port = Number(args[module + 2] ?? 8000)
    const serve = server({
      startMs: 200,
      memoryBytes: 15 * MiB,
      ports: () => [{ port, service: fixed('<!DOCTYPE HTML>\n<title>Directory listing for /</title>\n') }],
      started: () => [`Serving HTTP on 0.0.0.0 port ${port} (http://0.0.0.0:${port}/) ...`],
    })
    return yield* serve(system)
  }
  if (args.includes('--version') || args.includes('-V')) {
    print(system, `${name} ${/:([\d.]+)/.exec(system.image)?.[1] ?? ''}`)
    return 0
  }
  const inline = args.findIndex((a) => a === '-c' || a === '-e')
  yield* sleep(50)
  if (inline >= 0) {
    const said = /(?:print|console\.log)\((['"])(.*?)\1\)/.exec(args[inline + 1] ?? '')
    if (said) print(system, said[2] ?? '')
    const exit = /exit\((\d+)\)/.exec(args[inline + 1] ?? '')
    return exit ? Number(exit[1]) : 0
  }
  const file = args.find((a) => !a.startsWith('-'))
  if (file && system.files.read(file) === undefined) {
    system.writeError(`${name}: can't open file '${file}': [Errno 2] No such file or directory\n`)
    return 2
  }
  return 0
}

/** perl -Mbignum=bpi -wle 'print bpi(2000)': the Job of the documentation. */
function* perl(system: System): Task<number> {
  system.setCpu(1000)
  system.setMemory(20 * MiB)
  yield* sleep(4000)
  const digits = /bpi\((\d+)\)/.exec(system.argv.join(' '))?.[1]
  if (digits)
    print(
      system,
      `3.14159265358979323846264338327950288419716939937510${'58209749445923078164'.repeat(Math.ceil(Number(digits) / 20))}`.slice(
        0,
        Number(digits) + 1,
      ),
    )
  return 0
}

function language(repository: string, programs: Image['programs'], command: readonly string[], megabytes: number): Image {
  return {
    repository: `docker.io/library/${repository}`,
    tags: tagged('latest', 'alpine', 'slim', 'lts', 'lts-alpine', 'bookworm', VERSION),
    layers: (tag) =>
      layered(
        tag.includes('alpine') ? ALPINE : DEBIAN,
        repository,
        tag.includes('alpine') ? megabytes / 5 : tag.includes('slim') ? megabytes / 4 : megabytes,
      )(tag),
    cmd: command,
    tools: 'debian',
    programs,
  }
}

const java = server({
  startMs: 12_000,
  memoryBytes: 350 * MiB,
  cpuMilli: 10,
  ports: ({ env }) => [{ port: Number(env['SERVER_PORT'] ?? 8080), service: fixed('{"status":"UP"}\n') }],
  starting: () => ['  .   ____          _            __ _ _', ' :: Spring Boot ::'],
  started: ({ env }) => [`Tomcat started on port ${env['SERVER_PORT'] ?? 8080} (http)`, 'Started Application in 11.8 seconds'],
  stopMs: 1500,
  stopCode: 143,
})

const nacos: Image = {
  repository: 'docker.io/nacos/nacos-server',
  tags: tagged('latest', /^v?\d+(\.\d+)*(-slim)?$/),
  layers: (tag) => layered({ id: 'openjdk', megabytes: 140 }, 'nacos', 260)(tag),
  entrypoint: ['bin/docker-startup.sh'],
  tools: 'debian',
  programs: {
    'docker-startup.sh': server({
      startMs: 25_000,
      memoryBytes: 620 * MiB,
      cpuMilli: 20,
      ports: () => [
        { port: 8848, service: fixed('{"status":"UP"}') },
        { port: 9848, service: { protocol: 'grpc' } },
      ],
      starting: () => ['Nacos is starting...'],
      started: ({ env }) => [`Nacos started successfully in ${env['MODE'] === 'standalone' ? 'stand alone' : 'cluster'} mode.`],
      stopMs: 2000,
      stopCode: 143,
    }),
  },
}

const javaServer = (
  repository: string,
  name: string,
  port: number,
  megabytes: number,
  memory: number,
  startMs: number,
): Image => ({
  repository,
  tags: tagged('latest', 'lts', 'lts-jdk17', /^v?\d+(\.\d+)*(-[\w.]+)?$/),
  layers: (tag) => layered({ id: 'openjdk', megabytes: 140 }, name, megabytes)(tag),
  entrypoint: [name],
  tools: 'debian',
  programs: {
    [name]: server({
      startMs,
      memoryBytes: memory * MiB,
      ports: () => [{ port, service: fixed('{}') }],
      stopMs: 1500,
      stopCode: 143,
    }),
  },
})

export const languageImages: readonly Image[] = [
  language('python', { python: interpreter, python3: interpreter }, ['python3'], 360),
  language('node', { node: interpreter }, ['node'], 390),
  language('golang', { go: interpreter }, ['bash'], 300),
  language('perl', { perl }, ['perl'], 320),
  language('php', { php: interpreter }, ['php'], 180),
  language('openjdk', { java }, ['jshell'], 240),
  language('eclipse-temurin', { java }, ['jshell'], 220),
  nacos,
  javaServer('docker.io/library/elasticsearch', 'docker-entrypoint.sh', 9200, 600, 1300, 18_000),
  javaServer('docker.elastic.co/elasticsearch/elasticsearch', 'docker-entrypoint.sh', 9200, 600, 1300, 18_000),
  javaServer('docker.io/jenkins/jenkins', 'jenkins.sh', 8080, 270, 500, 20_000),
]
