"""Every route × every role gives the declared answer. A new route without a line in the table fails.

The table is read like this: for each endpoint and method one answer per role, in the order of `ROLES`. Forms are sent
empty, so a 422 (or a page about what is there) shows that the door was open. 303 for a visitor is the way to sign in.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from civicvote.app import create_app
from civicvote.domain.permissions import ASSIGNABLE
from civicvote.settings import Settings
from tests import factories
from tests.conftest import OneConnection
from tests.support.world import ROLES, World, browser, make_world

#: What everybody may open without signing in.
PUBLIC = frozenset(
    """
    accounts.change_email accounts.confirm accounts.forgot accounts.reset accounts.sign_in accounts.sign_out accounts.sign_up
    ballot_rounds.detail ballot_rounds.result
    board.detail board.heads board.how board.index board.lines board.notice board.turnout board.turnout_file
    channels.leave channels.station channels.stay
    cycles.ballot_list cycles.detail cycles.index
    factors.challenge factors.challenge_options factors.challenge_passkey factors.challenge_recovery factors.sign_in factors.sign_in_options
    feeds.atom feeds.robots feeds.sitemap
    commitments.detail commitments.index dated_settings.index proposal_desk.late proposals.funnel_file proposals.funnel_page
    statements.chart statements.chart_csv statements.chart_json statements.listing
    agora.today
    campaigns.detail campaigns.index
    discussion.answers discussion.pulse discussion.thread
    transparency.file transparency.index
    files.show
    forums.debates forums.detail forums.index forums.listing forums.questions forums.round forums.section
    health.healthz health.metrics health.readyz
    home.index home.language
    notices.unsubscribe
    projects.compare projects.detail projects.index
    proposals.decline proposals.detail proposals.invitation proposals.picture proposals.revision proposals.revision_list
    proposals.districts_map proposals.feed proposals.index proposals.share
    themes.detail themes.index
    results.detail results.download results.log results.log_file results.project_reason
    """.split()  # noqa: SIM905 — a list of words reads best as words
)

#: Endpoint and method → one answer per role.
TABLE = """
accounts.data               GET  303 200 200 200 200 200 200 200 200
accounts.data               POST 303 200 200 200 200 200 200 200 200
accounts.email              GET  303 200 200 200 200 200 200 200 200
accounts.email              POST 303 422 422 422 422 422 422 422 422
accounts.erase              GET  303 200 200 200 200 200 200 200 200
accounts.erase              POST 303 422 422 422 422 422 422 422 422
accounts.password           GET  303 200 200 200 200 200 200 200 200
accounts.password           POST 303 422 422 422 422 422 422 422 422
accounts.profile            GET  303 200 200 200 200 200 200 200 200
accounts.profile            POST 303 303 303 303 303 303 303 303 303
accounts.revoke             POST 303 404 404 404 404 404 404 404 404
accounts.revoke_others      POST 303 303 303 303 303 303 303 303 303
accounts.sessions           GET  303 200 200 200 200 200 200 200 200
admin.department            GET  303 403 403 403 403 403 403 403 200
admin.department            POST 303 403 403 403 403 403 403 403 303
admin.department_active     POST 303 403 403 403 403 403 403 403 303
admin.departments           GET  303 403 403 403 403 403 403 403 200
admin.departments           POST 303 403 403 403 403 403 403 403 422
admin.find                  POST 303 403 403 403 403 403 403 403 422
admin.grant                 POST 303 403 403 403 403 403 403 403 422
admin.index                 GET  303 403 403 403 403 403 403 403 200
admin.look                  POST 303 403 403 403 403 403 403 403 422
admin.move                  POST 303 403 403 403 403 403 403 403 422
admin.revoke                POST 303 403 403 403 403 403 403 403 422
admin.user                  GET  303 403 403 403 403 403 403 403 200
admin.users                 GET  303 403 403 403 403 403 403 403 200
agora.edit_link             GET  303 403 403 403 403 403 200 403 403
agora.edit_link             POST 303 403 403 403 403 403 422 403 403
agora.links                 GET  303 403 403 403 403 403 200 403 403
agora.new_link              GET  303 403 403 403 403 403 200 403 403
agora.new_link              POST 303 403 403 403 403 403 422 403 403
agora.remove_link           POST 303 403 403 403 403 403 303 403 403
audit.access_log            GET  303 403 403 403 403 403 403 200 403
audit.event                 GET  303 403 403 403 403 403 403 200 403
audit.index                 GET  303 403 403 403 403 403 403 200 403
audit.verify                POST 303 403 403 403 403 403 403 200 403
ballot_rounds.add_option    POST 303 403 403 403 403 403 422 403 403
ballot_rounds.announce      POST 303 403 403 403 403 403 409 403 403
ballot_rounds.ask           POST 303 403 403 403 403 403 409 403 403
ballot_rounds.choose        POST 303 200 200 200 200 200 200 200 200
ballot_rounds.confirm       GET  303 303 303 303 303 303 303 303 303
ballot_rounds.confirm       POST 303 409 409 409 409 409 409 409 409
ballot_rounds.edit_option   GET  303 403 403 403 403 403 200 403 403
ballot_rounds.edit_option   POST 303 403 403 403 403 403 422 403 403
ballot_rounds.plan          POST 303 403 403 403 403 403 422 403 403
ballot_rounds.prepare       GET  303 403 403 403 403 403 200 200 403
ballot_rounds.receipt       GET  303 303 303 303 303 303 303 303 303
ballot_rounds.receipt       POST 303 409 409 409 409 409 409 409 409
ballot_rounds.remove_option POST 303 403 403 403 403 403 303 403 403
ballot_rounds.send_back     POST 303 403 403 403 403 403 422 403 403
ballot_rounds.take_options  POST 303 403 403 403 403 403 422 403 403
campaigns.edit              GET  303 403 403 200 403 403 200 403 403
campaigns.edit              POST 303 403 403 422 403 403 422 403 403
campaigns.end               GET  303 403 403 200 403 403 200 403 403
campaigns.end               POST 303 403 403 422 403 403 422 403 403
campaigns.follow            POST 303 303 303 303 303 303 303 303 303
campaigns.new               GET  303 403 403 200 403 403 200 403 403
campaigns.new               POST 303 403 403 422 403 403 422 403 403
campaigns.open_campaign     POST 303 403 403 409 403 403 409 403 403
campaigns.prove             POST 303 422 422 422 422 422 422 422 422
channels.ask_take_back      POST 303 403 403 403 403 403 422 403 403
channels.ask_void           POST 303 403 403 403 403 403 422 403 403
channels.batch              GET  303 403 403 403 403 403 200 403 403
channels.batches            GET  303 403 403 403 403 403 200 403 403
channels.batches            POST 303 403 403 403 403 403 422 403 403
channels.check_in           POST 303 403 403 403 403 403 422 403 403
channels.clerks             GET  303 403 403 403 403 403 403 200 403
channels.close_station      POST 303 403 403 403 403 403 303 403 403
channels.code               POST 303 403 403 403 403 403 200 403 403
channels.confirm            POST 303 403 403 403 403 403 409 403 403
channels.correct            POST 303 403 403 403 403 403 422 403 403
channels.decide             POST 303 403 403 403 403 403 422 403 403
channels.decide_difference  POST 303 403 403 403 403 403 422 403 403
channels.decide_drop        POST 303 403 403 403 403 403 422 403 403
channels.desk               GET  303 403 403 403 403 403 200 403 403
channels.drop               POST 303 403 403 403 403 403 422 403 403
channels.find_person        POST 303 403 403 403 403 403 422 403 403
channels.finish             POST 303 403 403 403 403 403 409 403 403
channels.hand_out           POST 303 403 403 403 403 403 409 403 403
channels.open_station       POST 303 403 403 403 403 403 422 403 403
channels.remove_last        POST 303 403 403 403 403 403 409 403 403
channels.resume             POST 303 403 403 403 403 403 409 403 403
channels.sheets             GET  303 403 403 403 403 403 200 403 403
channels.sheets             POST 303 403 403 403 403 403 422 403 403
channels.state_difference   POST 303 403 403 403 403 403 422 403 403
channels.visit              GET  303 403 403 403 403 403 200 403 403
commitments.add_step        GET  303 403 403 403 200 403 403 403 403
commitments.add_step        POST 303 403 403 403 422 403 403 403 403
commitments.became          GET  303 403 403 403 200 403 403 403 403
commitments.became          POST 303 403 403 403 303 403 403 403 403
commitments.finish_step     POST 303 403 403 403 303 403 403 403 403
commitments.move            GET  303 403 403 403 200 403 403 403 403
commitments.move            POST 303 403 403 403 422 403 403 403 403
commitments.move_step       GET  303 403 403 403 200 403 403 403 403
commitments.move_step       POST 303 403 403 403 422 403 403 403 403
commitments.new             GET  303 403 403 403 403 403 403 403 403
commitments.new             POST 303 403 403 403 403 403 403 403 403
commitments.report          GET  303 403 403 403 200 403 403 403 403
commitments.report          POST 303 403 403 403 422 403 403 403 403
console.announce            POST 303 403 403 403 403 403 422 403 403
console.index               GET  303 403 403 403 403 403 200 403 403
console.summarise           POST 303 403 403 403 403 403 422 403 403
counting.ceremony           GET  303 403 403 403 403 403 200 200 403
counting.changes            GET  303 403 403 403 403 403 200 200 403
counting.correct            POST 303 403 403 403 403 403 422 403 403
counting.custody            GET  303 403 403 403 403 403 200 200 403
counting.destroy            POST 303 403 403 403 403 403 422 403 403
counting.discard            POST 303 403 403 403 403 403 422 403 403
counting.export             GET  303 403 403 403 403 403 409 403 403
counting.index              GET  303 403 403 403 403 403 200 200 403
counting.opened             POST 303 403 403 403 403 403 422 403 403
counting.publish            POST 303 403 403 403 403 403 422 403 403
counting.release            POST 303 403 403 403 403 403 422 403 403
counting.run                POST 303 403 403 403 403 403 409 403 403
counting.seal               POST 303 403 403 403 403 403 303 403 403
counting.whole_bundle       POST 303 403 403 403 403 403 403 404 403
cycles.add_alternatives     POST 303 403 403 403 403 403 422 403 403
cycles.add_cap              POST 303 403 403 403 403 403 422 403 403
cycles.announce             POST 303 403 403 403 403 403 409 403 403
cycles.approve_list         POST 303 403 403 403 403 403 409 403 403
cycles.edit                 GET  303 403 403 403 403 403 200 403 403
cycles.edit                 POST 303 403 403 403 403 403 422 403 403
cycles.exclude              GET  303 403 403 403 403 403 409 403 403
cycles.exclude              POST 303 403 403 403 403 403 409 403 403
cycles.hold                 GET  303 403 403 403 403 403 200 403 403
cycles.hold                 POST 303 403 403 403 403 403 422 403 403
cycles.lift                 POST 303 403 403 403 403 403 422 403 403
cycles.lock_in              POST 303 403 403 403 403 403 422 403 403
cycles.new                  GET  303 403 403 403 403 403 200 403 403
cycles.new                  POST 303 403 403 403 403 403 422 403 403
cycles.pool                 GET  303 403 403 403 403 403 200 403 403
cycles.pool                 POST 303 403 403 403 403 403 422 403 403
cycles.pools                GET  303 403 403 403 403 403 200 403 403
cycles.pools                POST 303 403 403 403 403 403 422 403 403
cycles.preview              GET  303 403 403 403 403 403 200 403 403
cycles.remove_pool          POST 303 403 403 403 403 403 409 403 403
cycles.remove_term          POST 303 403 403 403 403 403 404 403 403
cycles.request_list         POST 303 403 403 403 403 403 409 403 403
cycles.return_list          POST 303 403 403 403 403 403 422 403 403
cycles.terms                GET  303 403 403 403 403 403 200 403 403
dated_settings.change       GET  303 403 403 403 403 403 200 403 403
dated_settings.change       POST 303 403 403 403 403 403 422 403 403
discussion.appeal           GET  303 404 404 404 404 404 404 404 404
discussion.appeal           POST 303 404 404 404 404 404 404 404 404
discussion.comment          POST 303 422 422 422 422 422 422 422 422
discussion.report           GET  303 200 200 200 200 200 200 200 200
discussion.report           POST 303 422 422 422 422 422 422 422 422
discussion.report_proposal  GET  303 200 200 200 200 200 200 200 200
discussion.report_proposal  POST 303 422 422 422 422 422 422 422 422
discussion.support          POST 303 303 303 303 303 303 303 303 303
discussion.withdraw         GET  303 404 404 404 404 404 404 404 404
discussion.withdraw         POST 303 404 404 404 404 404 404 404 404
factors.app                 GET  303 303 303 303 303 303 303 303 303
factors.app                 POST 303 303 303 303 303 303 303 303 303
factors.app_begin           POST 303 303 303 303 303 303 303 303 303
factors.app_remove          POST 303 303 303 303 303 303 303 303 303
factors.index               GET  303 200 200 200 200 200 200 200 200
factors.index               POST 303 422 422 422 422 422 422 422 422
factors.new_codes           POST 303 303 303 303 303 303 303 303 303
factors.new_passkey         POST 303 303 303 303 303 303 303 303 303
factors.new_passkey_options POST 303 303 303 303 303 303 303 303 303
factors.passkey_remove      POST 303 303 303 303 303 303 303 303 303
files.manage                GET  303 404 404 404 404 404 404 404 404
files.manage                POST 303 404 404 404 404 404 404 404 404
files.remove                POST 303 404 404 404 404 404 404 404 404
forums.add_round            GET  303 403 403 403 403 403 200 403 403
forums.add_round            POST 303 403 403 403 403 403 422 403 403
forums.add_section          GET  303 403 403 403 403 403 200 403 403
forums.add_section          POST 303 403 403 403 403 403 422 403 403
forums.annotate             POST 303 422 422 422 422 422 422 422 422
forums.answer               GET  303 403 403 403 409 403 403 403 403
forums.answer               POST 303 403 403 403 409 403 403 403 403
forums.answer_question      POST 303 422 422 422 422 422 422 422 422
forums.ask                  POST 303 422 422 422 422 422 422 422 422
forums.choose               POST 303 422 422 422 422 422 422 422 422
forums.conclude             GET  303 403 403 403 403 403 200 403 403
forums.conclude             POST 303 403 403 403 403 403 422 403 403
forums.desk                 GET  303 403 403 200 200 403 200 403 403
forums.edit                 GET  303 403 403 403 409 403 409 403 403
forums.edit                 POST 303 403 403 403 409 403 409 403 403
forums.edit_round           GET  303 403 403 403 403 403 409 403 403
forums.edit_round           POST 303 403 403 403 403 403 409 403 403
forums.extend_round         GET  303 403 403 403 403 403 200 403 403
forums.extend_round         POST 303 403 403 403 403 403 422 403 403
forums.follow               POST 303 303 303 303 303 303 303 303 303
forums.group                GET  303 403 403 403 403 403 200 403 403
forums.group                POST 303 403 403 403 403 403 422 403 403
forums.group_list           GET  303 403 403 403 403 403 200 403 403
forums.group_list           POST 303 403 403 403 403 403 422 403 403
forums.hold_round           GET  303 403 403 403 403 403 200 403 403
forums.hold_round           POST 303 403 403 403 403 403 422 403 403
forums.manage_links         GET  303 403 403 403 403 403 200 403 403
forums.manage_links         POST 303 403 403 403 403 403 422 403 403
forums.move                 GET  303 403 403 403 403 403 200 403 403
forums.move                 POST 303 403 403 403 403 403 422 403 403
forums.name_expert          POST 303 403 403 403 403 403 422 403 403
forums.name_moderator       POST 303 403 403 403 403 403 422 403 403
forums.new                  GET  303 403 403 403 200 403 200 403 403
forums.new                  POST 303 403 403 403 422 403 422 403 403
forums.promote              POST 303 403 403 403 403 403 422 403 403
forums.release              POST 303 403 403 403 403 403 404 403 403
forums.remove_link          POST 303 403 403 403 403 403 303 403 403
forums.remove_member        POST 303 403 403 403 403 403 303 403 403
forums.remove_round         POST 303 403 403 403 403 403 409 403 403
forums.revise_section       GET  303 403 403 403 403 403 200 403 403
forums.revise_section       POST 303 403 403 403 403 403 422 403 403
forums.shift_round          POST 303 403 403 403 403 403 409 403 403
forums.stance               POST 303 422 422 422 422 422 422 422 422
forums.support              POST 303 404 404 404 404 404 404 404 404
forums.take_up              POST 303 403 403 404 403 403 404 403 403
forums.team                 GET  303 403 403 403 403 403 200 403 403
forums.write_options        GET  303 403 403 403 409 403 409 403 403
forums.write_options        POST 303 403 403 403 409 403 409 403 403
home.mine                   GET  303 200 200 200 200 200 200 200 200
moderation.appeal           GET  303 403 403 200 403 403 403 403 403
moderation.close            POST 303 403 403 422 403 403 403 403 403
moderation.decide           POST 303 403 403 422 403 403 403 403 403
moderation.hide             POST 303 403 403 422 403 403 403 403 403
moderation.index            GET  303 403 403 200 403 403 200 403 403
moderation.keep_proposal    POST 303 403 403 303 403 403 403 403 403
moderation.merge            POST 303 403 403 422 403 403 403 403 403
moderation.pin              POST 303 403 403 303 403 403 403 403 403
moderation.post             GET  303 403 403 200 403 403 403 403 403
moderation.proposal         GET  303 403 403 200 403 403 403 403 403
moderation.proposal         POST 303 403 403 422 403 403 403 403 403
moderation.release          POST 303 403 403 303 403 403 403 403 403
moderation.release_some     POST 303 403 403 303 403 403 303 403 403
moderation.reopen           POST 303 403 403 303 403 403 403 403 403
notices.go                  POST 303 404 404 404 404 404 404 404 404
notices.index               GET  303 200 200 200 200 200 200 200 200
notices.read                POST 303 404 404 404 404 404 404 404 404
notices.read_all            POST 303 303 303 303 303 303 303 303 303
notices.settings            GET  303 200 200 200 200 200 200 200 200
notices.settings            POST 303 303 303 303 303 303 303 303 303
notices.switch              POST 303 303 303 303 303 303 303 303 303
projects.autosave           POST 303 422 422 422 422 422 422 422 422
projects.comment            POST 303 422 422 422 422 422 422 422 422
projects.create             POST 303 422 422 422 422 422 422 422 422
projects.edit               GET  303 403 403 403 403 403 403 403 403
projects.endorse            POST 303 303 303 303 303 303 303 303 303
projects.follow             POST 303 303 303 303 303 303 303 303 303
projects.hide_comment       GET  303 403 403 200 403 403 403 403 403
projects.hide_comment       POST 303 403 403 422 403 403 403 403 403
projects.move               POST 303 403 403 403 403 403 403 403 403
projects.new                GET  303 200 200 200 200 200 200 200 200
projects.save               POST 303 403 403 403 403 403 403 403 403
projects.similar            GET  303 200 200 200 200 200 200 200 200
projects.status             GET  303 403 403 403 409 403 403 403 403
projects.status             POST 303 403 403 403 409 403 403 403 403
projects.supplement         GET  303 404 404 404 404 404 404 404 404
projects.supplement         POST 303 404 404 404 404 404 404 404 404
projects.withdraw           GET  303 403 403 403 403 403 403 403 403
projects.withdraw           POST 303 403 403 403 403 403 403 403 403
proposal_desk.answer        GET  303 403 403 403 403 403 403 403 403
proposal_desk.answer        POST 303 403 403 403 403 403 403 403 403
proposal_desk.assign        GET  303 403 403 403 403 403 409 403 403
proposal_desk.assign        POST 303 403 403 403 403 403 409 403 403
proposal_desk.batch         GET  303 403 403 403 403 403 200 403 403
proposal_desk.batch_list    GET  303 403 403 403 403 403 200 403 403
proposal_desk.batch_list    POST 303 403 403 403 403 403 422 403 403
proposal_desk.confirm       POST 303 403 403 403 403 403 303 403 403
proposal_desk.extend        GET  303 403 403 403 403 403 403 403 403
proposal_desk.extend        POST 303 403 403 403 403 403 403 403 403
proposal_desk.forward       GET  303 403 403 403 403 403 200 403 403
proposal_desk.forward       POST 303 403 403 403 403 403 422 403 403
proposal_desk.index         GET  303 403 403 403 200 403 200 403 403
proposal_desk.merge         GET  303 403 403 403 403 403 200 403 403
proposal_desk.merge         POST 303 403 403 403 403 403 422 403 403
proposal_desk.publish       GET  303 403 403 403 403 403 409 403 403
proposal_desk.publish       POST 303 403 403 403 403 403 409 403 403
proposal_desk.publish_batch POST 303 403 403 403 403 403 409 403 403
proposal_desk.put           POST 303 403 403 403 403 403 303 403 403
proposal_desk.take_out      POST 303 403 403 403 403 403 404 403 403
proposal_desk.triage_queue  GET  303 403 403 403 403 403 200 403 403
proposals.accept            POST 303 404 404 404 404 404 404 404 404
proposals.answer_invited    POST 303 404 404 404 404 404 404 404 404
proposals.authors           GET  303 403 403 403 403 403 403 403 403
proposals.autosave          POST 303 422 422 422 422 422 422 422 422
proposals.create            POST 303 422 422 422 422 422 422 422 422
proposals.edit              GET  303 403 403 403 403 403 403 403 403
proposals.endorse           POST 303 303 303 303 303 303 303 303 303
proposals.follow            POST 303 303 303 303 303 303 303 303 303
proposals.invite            POST 303 403 403 403 403 403 403 403 403
proposals.invited           GET  303 404 404 404 404 404 404 404 404
proposals.leave             POST 303 404 404 404 404 404 404 404 404
proposals.new               GET  303 200 200 200 200 200 200 200 200
proposals.point             GET  303 200 200 200 200 200 200 200 200
proposals.remove            POST 303 403 403 403 403 403 403 403 403
proposals.resubmit          POST 303 403 403 403 403 403 403 403 403
proposals.save              POST 303 403 403 403 403 403 403 403 403
proposals.similar           GET  303 200 200 200 200 200 200 200 200
proposals.take_back         POST 303 403 403 403 403 403 403 403 403
proposals.withdraw          GET  303 403 403 403 403 403 403 403 403
proposals.withdraw          POST 303 403 403 403 403 403 403 403 403
reviews.ask                 POST 303 403 403 403 422 422 403 403 403
reviews.assign              GET  303 403 403 403 403 403 200 403 403
reviews.assign              POST 303 403 403 403 403 403 422 403 403
reviews.decide              POST 303 403 403 403 422 403 403 403 403
reviews.detail              GET  303 403 403 403 200 200 200 200 403
reviews.index               GET  303 403 403 403 200 200 200 200 403
reviews.reopen              GET  303 403 403 403 403 403 200 403 403
reviews.reopen              POST 303 403 403 403 403 403 422 403 403
reviews.rows                POST 303 403 403 403 200 200 403 403 403
reviews.save                POST 303 403 403 403 409 403 403 403 403
reviews.start               POST 303 403 403 403 409 403 403 403 403
simulator.index             GET  303 403 403 403 403 403 200 403 403
simulator.index             POST 303 403 403 403 403 403 422 403 403
staff.index                 GET  303 403 403 403 403 403 200 200 403
statements.add              POST 303 422 422 422 422 422 422 422 422
statements.mine             GET  303 200 200 200 200 200 200 200 200
statements.vote             POST 303 404 404 404 404 404 404 404 404
themes.confirm              GET  303 403 403 403 403 403 200 403 403
themes.confirm              POST 303 403 403 403 403 403 409 403 403
themes.new                  GET  303 403 403 403 403 403 200 403 403
themes.new                  POST 303 403 403 403 403 403 422 403 403
themes.nominate             POST 303 422 422 422 422 422 422 422 422
themes.promote              GET  303 403 403 403 403 403 200 403 403
themes.promote              POST 303 403 403 403 403 403 422 403 403
themes.publish              POST 303 403 403 403 403 403 409 403 403
themes.support              POST 303 303 303 303 303 303 303 303 303
verification.desk           GET  303 403 403 403 403 403 200 403 403
verification.index          GET  303 200 200 200 200 200 200 200 200
verification.index          POST 303 422 422 422 422 422 422 422 422
verification.look_up        POST 303 403 403 403 403 403 422 403 403
verification.register       GET  303 403 403 403 403 403 200 403 403
verification.register       POST 303 403 403 403 403 403 422 403 403
verification.verify         POST 303 403 403 403 403 403 422 403 403
voting.basket               GET  303 200 200 200 200 200 200 200 200
voting.begun                POST 303 204 204 204 204 204 204 204 204
voting.choose               POST 303 200 200 200 200 200 200 200 200
voting.compare              GET  303 303 303 303 303 303 303 303 303
voting.compare              POST 303 403 422 403 403 403 403 403 403
voting.confirm              GET  303 303 303 303 303 303 303 303 303
voting.confirm              POST 303 403 422 403 403 403 403 403 403
voting.order                GET  303 303 303 303 303 303 303 303 303
voting.order                POST 303 403 422 403 403 403 403 403 403
voting.receipt              GET  303 303 303 303 303 303 303 303 303
voting.receipt              POST 303 403 422 403 403 403 403 403 403
voting.save_receipt         POST 303 422 422 422 422 422 422 422 422
"""

#: The same for what exists in the demo only.
DEMO_TABLE = """
demo_verifier.index GET  303 200 200 200 200 200 200 200 200
demo_verifier.index POST 303 422 422 422 422 422 422 422 422
"""


Door = tuple[str, str]


def declared(table: str) -> dict[Door, dict[str, int]]:
    lines = [line.split() for line in table.strip().splitlines()]
    return {(name, method): dict(zip(ROLES, map(int, codes), strict=True)) for name, method, *codes in lines}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    location: str


def doors(app: Flask) -> set[Door]:
    """(endpoint, method) of everything there is."""
    return {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def public(app: Flask) -> set[str]:
    return {name for name, view in app.view_functions.items() if getattr(view, "__public__", False)}


def knock(app: Flask, client: FlaskClient, connection: Connection, door: Door, world: World) -> Answer:
    """The answer to a form with nothing in it; whatever the request changed is undone."""
    endpoint, method = door
    rule = next(rule for rule in app.url_map.iter_rules(endpoint) if method in (rule.methods or set()))
    path = app.url_map.bind("localhost").build(endpoint, world.holes(rule))
    undo = connection.begin_nested()
    with client.open(path, method=method, data=None if method == "GET" else {"nothing": "1"}) as answer:
        found = Answer(answer.status_code, answer.location or "")
    undo.rollback()
    return found


def test_the_list_of_public_endpoints(app: Flask) -> None:
    assert public(app) == PUBLIC


def test_every_other_door_is_declared(app: Flask) -> None:
    closed = {door for door in doors(app) if door[0] not in PUBLIC}
    assert closed == set(declared(TABLE))


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_the_declared_answers(
    app: Flask, session: Session, connection: Connection, settings: Settings, role: str
) -> None:
    world = make_world(session, settings.keystore)
    client = browser(app, session, world.users[role])
    table = declared(TABLE)
    found = {door: knock(app, client, connection, door, world) for door in sorted(table)}
    assert {door: answer.status for door, answer in found.items()} == {door: row[role] for door, row in table.items()}
    to_sign_in = {door for door, answer in found.items() if answer.location.startswith("/sign-in")}
    assert to_sign_in == (set(table) if role == "visitor" else set())


def test_offices_are_withheld_until_the_second_factor(
    app: Flask, session: Session, connection: Connection, settings: Settings
) -> None:
    world = make_world(session, settings.keystore)
    department = world.users["department"]
    assert department is not None
    everything = factories.user(session, *ASSIGNABLE, department_id=department.department_id)
    client = browser(app, session, everything, factor=False)
    table = declared(TABLE)
    wrong = {}
    for door, row in sorted(table.items()):
        answer = knock(app, client, connection, door, world)
        shut = answer.status == 303 and answer.location.startswith("/account/security")
        if not (shut or answer.status in {row["citizen"], 403}):
            wrong[door] = answer
    assert wrong == {}


def test_what_has_no_such_method_says_so(app: Flask, client: FlaskClient) -> None:
    known: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        known.setdefault(rule.rule, set()).update(rule.methods or set())
    plain = {path: methods for path, methods in known.items() if "<" not in path}
    answers = {
        (path, method): client.open(path, method=method).status_code
        for path, methods in sorted(plain.items())
        for method in ("GET", "POST", "PUT", "DELETE")
        if method not in methods
    }
    assert len(answers) > 50
    assert set(answers.values()) <= {405, 404}


def test_the_demo_has_one_door_more(
    app: Flask, database: OneConnection, session: Session, connection: Connection, settings: Settings, tmp_path: Path
) -> None:
    demo = create_app(
        Settings(instance=tmp_path, base_url="http://localhost", mail="file", demo=True),
        database=database,
        testing=True,
    )
    demo.config["WTF_CSRF_ENABLED"] = False
    table = declared(DEMO_TABLE)
    assert doors(demo) - doors(app) == set(table)
    assert public(demo) == public(app)
    world = make_world(session, settings.keystore)
    for role in ROLES:
        client = browser(demo, session, world.users[role])
        for door, row in table.items():
            assert knock(demo, client, connection, door, world).status == row[role]
