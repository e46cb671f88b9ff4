import type { Task } from '../../../sim/task.ts'
import { ALPINE, layered, tagged, type Image } from '../../image.ts'
import { print, untilTerminated, type ProgramTable, type System } from '../../program.ts'
import { webhookServer } from '../agnhost-webhook.ts'
import { bindNslookup } from '../../tools/network/nslookup.ts'
import { fixed, MiB, server } from '../server.ts'
import { connect, dnsServerList, dnsSuffix, entrypointTester, etcHosts, inClusterClient, logsGenerator } from './commands.ts'
import { mountTest } from './mounttest.ts'
import { issuerDiscovery } from './issuer-discovery.ts'
import { nettest } from './nettest.ts'
import { netexec } from './netexec.ts'
import { guestbook, liveness, noSnatTest, porter, serveHostname, tcpReset, testWebserver } from './servers.ts'

function* pause(system: System): Task<number> {
  print(system, 'Paused')
  yield* untilTerminated(system)
  return 0
}

const COMMANDS: ProgramTable = {
  connect,
  'dns-server-list': dnsServerList,
  'dns-suffix': dnsSuffix,
  'entrypoint-tester': entrypointTester,
  'etc-hosts': etcHosts,
  'grpc-health-checking': server({
    startMs: 30,
    memoryBytes: 6 * MiB,
    ports: () => [
      { port: 5000, service: { protocol: 'grpc' } },
      { port: 8080, service: fixed('ok') },
    ],
  }),
  guestbook,
  inclusterclient: inClusterClient,
  liveness,
  'logs-generator': logsGenerator,
  mounttest: mountTest,
  netexec,
  nettest,
  'no-snat-test': noSnatTest,
  pause,
  porter,
  'serve-hostname': serveHostname,
  'tcp-reset': tcpReset,
  'test-service-account-issuer-discovery': issuerDiscovery,
  'test-webserver': testWebserver,
  webhook: webhookServer,
}

function* agnhost(system: System): Task<number> {
  const name = system.argv[1] ?? 'pause'
  const command = COMMANDS[name]
  if (command) return yield* command(system)
  if (name === '--version') {
    print(system, 'agnhost version 2.56')
    return 0
  }
  system.writeError(`Error: unknown command "${name}" for "app"\nRun 'app --help' for usage.\n`)
  return 1
}

/** The test image that is many programs in one. Source: kubernetes test/images/agnhost 2.56. */
export const agnhostImage: Image = {
  repository: 'registry.k8s.io/e2e-test-images/agnhost',
  aliases: ['k8s.gcr.io/e2e-test-images/agnhost'],
  tags: tagged(/^2\.(\d|[1-9]\d)(\.\d)?$/),
  layers: (tag) => layered(ALPINE, 'agnhost', 48)(tag),
  entrypoint: ['/agnhost'],
  cmd: ['pause'],
  // Alpine with bind-tools, curl and iperf.
  tools: 'busybox',
  programs: { agnhost, 'agnhost-2': agnhost, nslookup: bindNslookup },
}
