export { connectPaging, type Paging, type PagingParts, servicesOf } from './connect.ts'
export { createEscalator, type Escalator, type EscalatorParts } from './escalator.ts'
export { createPageWriter, type PageWriterParts } from './page-writer.ts'
export {
  type PagerDutyConfigured,
  type PagerDutySettings,
  pagerDutySettingNames,
  pagerDutySettings,
  routingSecret,
} from './settings.ts'
export type { Reach, SlackCall } from './tell.ts'
