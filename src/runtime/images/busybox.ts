import { layered, tagged, ALPINE, DEBIAN, type Image } from '../image.ts'

const NO_PROGRAMS = {}

/** Images that hold nothing but a distribution: they run what they are told, or a shell that ends at once. */
function distribution(
  repository: string,
  tools: Image['tools'],
  shell: string,
  tags: Image['tags'],
  layers: Image['layers'],
): Image {
  return {
    repository: `docker.io/library/${repository}`,
    tags,
    layers,
    cmd: [shell],
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    tools,
    programs: NO_PROGRAMS,
    files: { '/etc/os-release': `ID=${repository}\n`, '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n' },
  }
}

export const distributions: readonly Image[] = [
  distribution(
    'busybox',
    'busybox',
    'sh',
    tagged('latest', 'stable', 'musl', 'glibc', 'uclibc', /^1(\.(2\d|3[0-7]))?(\.\d)?(-(musl|glibc|uclibc))?$/),
    (tag) => layered(null, 'busybox', 2.1)(tag),
  ),
  distribution('alpine', 'busybox', '/bin/sh', tagged('latest', 'edge', /^3(\.([1-9]|1\d|2[0-3]))?(\.\d{1,2})?$/), (tag) => [
    { id: tag === 'latest' ? ALPINE.id : `alpine:${tag}`, bytes: 3_800_000 },
  ]),
  distribution(
    'ubuntu',
    'debian',
    '/bin/bash',
    tagged('latest', 'rolling', 'focal', 'jammy', 'noble', 'bionic', 'xenial', /^(14|16|18|20|22|24|25)\.(04|10)$/),
    (tag) => layered(null, 'ubuntu', 29.7)(tag),
  ),
  distribution(
    'debian',
    'debian',
    'bash',
    tagged(
      'latest',
      'stable',
      'bookworm',
      'bullseye',
      'trixie',
      'stable-slim',
      'bookworm-slim',
      'bullseye-slim',
      /^(9|10|11|12|13)(\.\d+)?(-slim)?$/,
    ),
    (tag) => [{ id: tag === 'latest' ? DEBIAN.id : `debian:${tag}`, bytes: 48_500_000 }],
  ),
  distribution('centos', 'debian', '/bin/bash', tagged('latest', /^(centos)?[678](\.\d(\.\d+)?)?$/), (tag) =>
    layered(null, 'centos', 76.1)(tag),
  ),
]
