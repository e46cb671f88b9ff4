import { InformerFactory } from '../../client/informer.ts'
import { EventRecorder } from '../../client/recorder.ts'
import { loadBalancerController } from '../../network/loadbalancer/controller.ts'
import { Speakers } from '../../network/loadbalancer/speakers.ts'
import type { Cluster } from '../cluster.ts'
import type { ComponentProcess } from '../component-images.ts'
import { serviceAccountUser } from '../identities.ts'
import { RetriedProcess, startOrEnd } from '../retried-process.ts'

const NAMESPACE = 'metallb-system'

/** MetalLB's programs: the controller that hands out addresses, and the speakers that answer for them. */
export class LoadBalancers {
  private readonly cluster: Cluster
  private lazySpeakers: Speakers | null = null

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  /** The machine that answers ARP for a load balancer's address; undefined: none does. */
  nodeFor(address: string): string | undefined {
    return this.lazySpeakers?.nodeFor(address)
  }

  controller(): ComponentProcess {
    const client = this.cluster.client(serviceAccountUser(NAMESPACE, 'controller'), 'metallb-controller')
    return new RetriedProcess(this.cluster.sim, () => {
      const informers = new InformerFactory(client)
      const loop = loadBalancerController({ client, informers, recorder: new EventRecorder(client, 'metallb-controller') })
      const end = () => {
        loop.stop()
        informers.stop()
      }
      return startOrEnd(() => {
        informers.start()
        loop.start()
      }, end)
    })
  }

  speaker(node: string): ComponentProcess {
    return new RetriedProcess(this.cluster.sim, () => {
      this.lazySpeakers ??= new Speakers(this.cluster.client(serviceAccountUser(NAMESPACE, 'speaker'), 'metallb-speaker'))
      const speakers = this.lazySpeakers
      return startOrEnd(
        () => speakers.join(node),
        () => speakers.leave(node),
      )
    })
  }
}
