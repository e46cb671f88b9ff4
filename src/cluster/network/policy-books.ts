import { PolicyBook } from '../../network/policy/book.ts'
import { PolicyEnforcer } from '../../network/policy/enforcer.ts'
import type { Cluster } from '../cluster.ts'
import type { ComponentProcess } from '../component-images.ts'
import { serviceAccountUser } from '../identities.ts'
import type { NodeHost } from '../node-host.ts'

/** What policy agents know, by their service account: the agents of all machines share one copy. */
export class PolicyBooks {
  private readonly cluster: Cluster
  private readonly books = new Map<string, PolicyBook>()

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  of(namespace: string, account: string): PolicyBook {
    const key = `${namespace}/${account}`
    let book = this.books.get(key)
    if (!book) {
      book = new PolicyBook(this.cluster.client(serviceAccountUser(namespace, account), account))
      this.books.set(key, book)
    }
    return book
  }
}

/**
 * An agent that enforces NetworkPolicies on a machine while it runs. SIMPLIFIED: calico's rules stay when Felix ends; here
 * they go with it.
 */
export function policyEnforcer(host: NodeHost, name: string, book: PolicyBook): ComponentProcess {
  const enforcer = new PolicyEnforcer({
    name,
    nodeName: host.name,
    book,
    isOwnAddress: (address) => host.netns.isLocal(address),
  })
  return { start: () => enforcer.start(host.netns.netfilter), stop: () => enforcer.stop() }
}
