export type { Slack, SlackParts } from './connect.ts'
export { connectSlack } from './connect-slack.ts'
export { type SlackConfigured, type SlackSettings, slackSettingNames, slackSettings } from './settings.ts'
