export { connectSlack, type Slack, type SlackParts } from './connect.ts'
export { type SlackConfigured, type SlackSettings, slackSettingNames, slackSettings } from './settings.ts'
