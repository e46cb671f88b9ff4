import type { Pacer } from '../pacer.ts'
import type { FeedRequest } from '../protocol.ts'
import { ClockFeed } from './clock.ts'
import { ControlPlaneFeed } from './control-plane.ts'
import { EventsFeed } from './events.ts'
import type { Feed, FeedContext } from './feed.ts'
import { KindsFeed } from './kinds.ts'
import { MapFeed } from './map.ts'
import { NetworkFeed } from './network.ts'
import { ObjectFeed } from './object.ts'
import { PacketFeed } from './packet.ts'
import { RolloutFeed } from './rollout.ts'
import { SchedulingFeed } from './scheduling.ts'
import { TableFeed } from './table.ts'
import { TimelineFeed } from './timeline.ts'
import { TravelFeed, type TravelPart } from './travel.ts'

/** Makes the feed that a subscription asks for. A new feed is one file and one case here. */
export function makeFeed(context: FeedContext, pacer: Pacer, request: FeedRequest, travel: () => TravelPart): Feed {
  switch (request.feed) {
    case 'clock':
      return new ClockFeed(context.cluster, pacer)
    case 'controlplane':
      return new ControlPlaneFeed(context)
    case 'network':
      return new NetworkFeed(context, pacer)
    case 'packet':
      return new PacketFeed(context, request.id)
    case 'map':
      return new MapFeed(context)
    case 'kinds':
      return new KindsFeed(context)
    case 'events':
      return new EventsFeed(context, request.namespace)
    case 'table':
      return new TableFeed(context, resourceOf(context, request), request.namespace)
    case 'object':
      return new ObjectFeed(context, resourceOf(context, request), request.namespace ?? '', request.name)
    case 'rollout':
      return new RolloutFeed(context, request.resource, request.namespace, request.name)
    case 'timeline':
      return new TimelineFeed(context)
    case 'travel':
      return new TravelFeed(context, travel)
    case 'scheduling':
      return new SchedulingFeed(context, pacer, request.namespace, request.name, request.attempt)
  }
}

function resourceOf(
  { cluster }: FeedContext,
  { group, version, resource }: { readonly group: string; readonly version: string; readonly resource: string },
) {
  const info = cluster.api.resources.find(group, version, resource)
  if (!info)
    throw new Error(`the server doesn't have a resource type "${resource}" in ${group === '' ? version : `${group}/${version}`}`)
  return info
}
