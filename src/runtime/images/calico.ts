import { DEBIAN, layered, tagged, type Image } from '../image.ts'
import type { Program } from '../program.ts'
import { MiB, server } from './server.ts'

const TAGS = tagged(/^v3\.(2\d|3[0-2])\.\d{1,2}$/)
const mirrors = (name: string) => [`quay.io/calico/${name}`, `registry.cn-hangzhou.aliyuncs.com/calico/${name}`]

/** A command that does its work at once; what it does is simulated elsewhere. */
const done: Program = function* () {
  return 0
}

/** Programs of the calico network plug-in: what they do is simulated elsewhere, here they are there. */
export const calicoImages: readonly Image[] = [
  {
    repository: 'docker.io/calico/node',
    aliases: mirrors('node'),
    tags: TAGS,
    layers: (tag) => layered(DEBIAN, 'calico-node', 118)(tag),
    entrypoint: [],
    cmd: ['start_runit'],
    tools: 'debian',
    programs: { start_runit: server({ startMs: 500, memoryBytes: 95 * MiB, ports: () => [] }), 'calico-node': done },
  },
  {
    repository: 'docker.io/calico/cni',
    aliases: mirrors('cni'),
    tags: TAGS,
    layers: (tag) => layered(null, 'calico-cni', 70)(tag),
    entrypoint: [],
    cmd: ['/opt/cni/bin/install'],
    tools: 'none',
    programs: { install: done, 'calico-ipam': done },
  },
  {
    repository: 'docker.io/calico/kube-controllers',
    aliases: mirrors('kube-controllers'),
    tags: TAGS,
    layers: (tag) => layered(null, 'calico-kube-controllers', 39)(tag),
    entrypoint: ['/usr/bin/kube-controllers'],
    cmd: [],
    tools: 'none',
    programs: {
      'kube-controllers': server({ startMs: 800, memoryBytes: 25 * MiB, ports: () => [], logsToError: true }),
      'check-status': done,
    },
  },
]
