import { PolicyBook } from '../../network/policy/book.ts'
import type { Cluster } from '../cluster.ts'
import { serviceAccountUser } from '../identities.ts'

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
