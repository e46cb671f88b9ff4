import { sleep, type Task } from '../../sim/task.ts'
import { value } from '../../apimachinery/quantity.ts'
import { ALPINE, layered, tagged, type Image } from '../image.ts'
import { print, type System } from '../program.ts'
import { agnhostImage } from './agnhost/agnhost.ts'
import { liveness } from './agnhost/servers.ts'
import { fixed, MiB, server } from './server.ts'

const option = (system: System, name: string): string | undefined => {
  for (const [i, word] of system.argv.entries()) {
    if (word.startsWith(`${name}=`)) return word.slice(name.length + 1)
    if (word === name) return system.argv[i + 1]
  }
  return undefined
}

const livenessImage: Image = {
  repository: 'registry.k8s.io/liveness',
  aliases: ['k8s.gcr.io/liveness', 'gcr.io/google_containers/liveness'],
  tags: tagged('latest', '0.1'),
  layers: (tag) => layered(null, 'liveness', 2.2)(tag),
  entrypoint: ['/server'],
  tools: 'none',
  programs: { server: liveness },
}

const busyboxTest: Image = {
  repository: 'registry.k8s.io/busybox',
  aliases: ['k8s.gcr.io/busybox', 'gcr.io/google_containers/busybox', 'registry.k8s.io/e2e-test-images/busybox'],
  tags: tagged('latest', '1.24', '1.27', '1.27.2', /^1\.(2\d|3\d)(\.\d)?-\d$/),
  layers: (tag) => layered(null, 'busybox', 2.1)(tag),
  cmd: ['sh'],
  tools: 'busybox',
  programs: {},
}

/** stress --vm 1 --vm-bytes 150M: takes memory until somebody minds. */
function* stress(system: System): Task<number> {
  const workers = Number(option(system, '--vm') ?? option(system, '-m') ?? 0)
  const bytes = option(system, '--vm-bytes') ?? '256M'
  const cpu = Number(option(system, '--cpu') ?? option(system, '-c') ?? 0)
  const seconds = /^(\d+)/.exec(option(system, '--timeout') ?? option(system, '-t') ?? '')?.[1]
  print(system, `stress: info: [1] dispatching hogs: ${cpu} cpu, 0 io, ${workers} vm, 0 hdd`)
  system.setCpu(1000 * (cpu + workers))
  const total = workers * value(bytes.replace(/([KMG])B?$/i, (_, unit: string) => `${unit.toUpperCase()}i`))
  for (let part = 1; part <= 4 && total > 0; part++) {
    yield* sleep(250)
    system.setMemory((total * part) / 4)
  }
  if (seconds === undefined) for (;;) yield* sleep(86_400_000)
  yield* sleep(Number(seconds) * 1000)
  print(system, `stress: info: [1] successful run completed in ${seconds}s`)
  return 0
}

const stressImage: Image = {
  repository: 'docker.io/polinux/stress',
  aliases: ['docker.io/progrium/stress', 'docker.io/polinux/stress-ng', 'docker.io/vish/stress'],
  tags: tagged('latest', '1.0.4'),
  layers: (tag) => layered(ALPINE, 'stress', 1.3)(tag),
  entrypoint: [],
  cmd: ['stress'],
  tools: 'busybox',
  programs: { stress, 'stress-ng': stress },
}

/** Grows until it is killed. */
const leaking: Image = {
  repository: 'docker.io/rosskukulinski/leaking-app',
  tags: tagged('latest', 'v1'),
  layers: (tag) => layered(ALPINE, 'leaking-app', 21)(tag),
  cmd: ['leaking-app'],
  tools: 'busybox',
  programs: {
    *'leaking-app'(system) {
      system.listen(8080, fixed('ok'))
      for (let mib = 20; ; mib += 10) {
        system.setMemory(mib * MiB)
        yield* sleep(1000)
      }
    },
  },
}

/** The pictures of Kubernetes' update demo: tells which one it is. */
const updateDemo = (name: string): Image => ({
  repository: `registry.k8s.io/e2e-test-images/${name}`,
  aliases: [`gcr.io/google-containers/update-demo/${name}`],
  tags: tagged(/^1\.\d$/),
  layers: (tag) => layered(null, name, 2)(tag),
  entrypoint: ['/test-webserver'],
  files: { '/data.json': `{\n"image": "${name}.jpg"\n}\n`, '/etc/os-release': 'NAME="Alpine Linux"\nID=alpine\n' },
  tools: 'none',
  programs: {
    'test-webserver': server({
      startMs: 20,
      memoryBytes: 4 * MiB,
      ports: () => [{ port: 80, service: fixed(`{\n"image": "${name}.jpg"\n}\n`) }],
    }),
  },
})

/** Runs as user 1234 and ends at once. */
const nonRoot: Image = {
  repository: 'registry.k8s.io/e2e-test-images/nonroot',
  tags: tagged(/^1\.\d$/),
  layers: (tag) => layered(null, 'nonroot', 18)(tag),
  cmd: ['whoami'],
  tools: 'busybox',
  user: 1234,
  files: { '/etc/passwd': 'nonroot:x:1234:1234::/home/nonroot:/bin/sh\n' },
  programs: {},
}

/** Tells as whom a program with the setuid bit runs. */
const noNewPrivileges: Image = {
  repository: 'registry.k8s.io/e2e-test-images/nonewprivs',
  tags: tagged(/^1\.\d$/),
  layers: (tag) => layered(null, 'nonewprivs', 2)(tag),
  entrypoint: ['/nnp'],
  tools: 'none',
  programs: {
    *nnp(system) {
      print(system, `Effective uid: ${system.files.owner.mayEscalate ? 0 : system.files.owner.user}`)
      return 0
    },
  },
}

const dnsTesting: Image = {
  repository: 'registry.k8s.io/e2e-test-images/glibc-dns-testing',
  aliases: ['registry.k8s.io/e2e-test-images/jessie-dnsutils'],
  tags: tagged(/^\d+(\.\d+)+$/),
  layers: (tag) => layered(ALPINE, 'dns-testing', 60)(tag),
  cmd: ['sleep', '10000'],
  tools: 'debian',
  programs: {},
}

export const testImages: readonly Image[] = [
  agnhostImage,
  livenessImage,
  busyboxTest,
  stressImage,
  leaking,
  updateDemo('nautilus'),
  updateDemo('kitten'),
  nonRoot,
  noNewPrivileges,
  dnsTesting,
]
