import { cache } from './cache.ts'
import { forward } from './forward.ts'
import { hosts } from './hosts.ts'
import { kubernetes } from './kubernetes.ts'
import type { Plugin } from './plugin.ts'
import { rewrite } from './rewrite.ts'
import { autopath, loadbalance, log, passive, template, whoami } from './small.ts'

/** The plugins that do something to a query. All others of the Corefile are accepted and left alone. */
export const PLUGINS: { readonly [name: string]: Plugin } = {
  autopath,
  cache,
  forward,
  hosts,
  kubernetes,
  loadbalance,
  log,
  rewrite,
  template,
  whoami,
  health: passive,
  ready: passive,
  errors: passive,
  loop: passive,
  reload: passive,
  prometheus: passive,
}
