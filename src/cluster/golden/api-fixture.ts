import { ADMISSION } from '../../apiserver/admission/registry.ts'
import { bootstrapObjects } from '../../apiserver/bootstrap/bootstrap.ts'
import { GOLDEN_TOKENS } from '../../apiserver/golden.ts'
import { STRATEGIES } from '../../apiserver/kinds/registry.ts'
import { ApiServer } from '../../apiserver/server.ts'
import { Client } from '../../client/client.ts'
import { InformerFactory } from '../../client/informer.ts'
import { EventRecorder } from '../../client/recorder.ts'
import { CONTROLLERS } from '../../controllers/registry.ts'
import { Etcd } from '../../etcd/etcd.ts'
import { Simulation } from '../../sim/simulation.ts'
import { controllerUser, KUBE_CONTROLLER_MANAGER } from '../identities.ts'

/** The only controllers that ran when the API cases were recorded. */
const RECORDED = new Set([
  'namespace-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'resourcequota-controller',
  'clusterrole-aggregation-controller',
])

/** A fresh API server as the API cases were recorded on: no scheduler, no nodes, five controllers. */
export function makeApiFixture(): { readonly api: ApiServer; readonly sim: Simulation } {
  const sim = new Simulation({ seed: 1, startTimeMs: 1_767_603_600_000 })
  const api = new ApiServer({
    sim,
    etcd: new Etcd(),
    strategies: STRATEGIES,
    admission: ADMISSION,
    authorization: true,
    tokens: GOLDEN_TOKENS,
  })
  bootstrapObjects(api)
  const client = (user: typeof KUBE_CONTROLLER_MANAGER) => new Client(api, sim, { user, userAgent: 'kube-controller-manager' })
  const informers = new InformerFactory(
    client({ ...KUBE_CONTROLLER_MANAGER, groups: [...KUBE_CONTROLLER_MANAGER.groups, 'system:masters'] }),
  )
  const controllers = CONTROLLERS.map((make) =>
    make({
      sim,
      informers,
      client: (name) => client(controllerUser(name)),
      recorder: (of, component) => new EventRecorder(of, component),
    }),
  )
  informers.start()
  for (const controller of controllers) if (RECORDED.has(controller.name)) controller.start()
  sim.runFor(100)
  return { api, sim }
}
