/** Images that people start a pod from to look at the network. */
import { ALPINE, DEBIAN, layered, tagged, type Image } from '../image.ts'
import { hey, ab } from '../tools/network/load.ts'
import { bindNslookup } from '../tools/network/nslookup.ts'
import { curl } from '../tools/network/curl.ts'
import { server, fixed, MiB } from './server.ts'

const ANY_TAG = tagged('latest', 'curl', 'extra', 'alpine', 'stable', 'fedora', /^v?\d+(\.\d+)*(-.*)?$/)

function box(repository: string, megabytes: number, aliases: readonly string[] = [], more: Partial<Image> = {}): Image {
  const name = repository.split('/').at(-1) ?? ''
  return {
    repository,
    aliases,
    tags: ANY_TAG,
    layers: (tag) => layered(more.tools === 'debian' ? DEBIAN : ALPINE, name, megabytes)(tag),
    cmd: ['sh'],
    tools: 'busybox',
    programs: {},
    ...more,
  }
}

const bind = { nslookup: bindNslookup }

export const toolBoxes: readonly Image[] = [
  box('docker.io/curlimages/curl', 9, ['docker.io/alpine/curl', 'docker.io/appropriate/curl'], {
    entrypoint: ['curl'],
    cmd: ['--help'],
    programs: { curl },
  }),
  box('docker.io/radial/busyboxplus', 5, ['docker.io/odise/busybox-curl', 'docker.io/yauritux/busybox-curl']),
  box('docker.io/nicolaka/netshoot', 200, ['ghcr.io/nicolaka/netshoot'], { cmd: ['bash'], tools: 'debian', programs: bind }),
  box('docker.io/praqma/network-multitool', 24, ['docker.io/wbitt/network-multitool'], {
    cmd: ['network-multitool'],
    programs: {
      ...bind,
      'network-multitool': server({
        startMs: 40,
        memoryBytes: 4 * MiB,
        ports: (system) => [
          {
            port: Number(system.env['HTTP_PORT'] ?? 80),
            service: fixed(`WBITT Network MultiTool (with NGINX) - ${system.hostname} - ${system.ip}\n`),
          },
        ],
      }),
    },
  }),
  box('docker.io/tutum/dnsutils', 65, ['docker.io/infoblox/dnstools', 'docker.io/giantswarm/tiny-tools'], {
    tools: 'debian',
    cmd: ['bash'],
  }),
  box('docker.io/williamyeh/hey', 4, ['docker.io/rcmorano/docker-hey'], { entrypoint: ['hey'], cmd: [], programs: { hey } }),
  box('docker.io/jordi/ab', 6, [], { entrypoint: ['ab'], cmd: [], programs: { ab } }),
]
