"""Words for what the audit log records."""

from typing import Final

from civicvote.domain.lifecycles import WORKFLOWS
from civicvote.domain.messages import Message, msg

_WORDS: Final[dict[str, Message]] = {
    "account:confirm": msg("가입 확인"),
    "account:department": msg("부서 변경"),
    "account:download": msg("내 자료 내려받기"),
    "account:email": msg("이메일 변경"),
    "account:email-ask": msg("이메일 변경 신청"),
    "account:erase": msg("탈퇴"),
    "account:grant-role": msg("역할 부여"),
    "account:password": msg("비밀번호 변경"),
    "account:profile": msg("내 정보 변경"),
    "account:reset": msg("비밀번호 다시 정하기"),
    "account:reset-ask": msg("비밀번호 다시 정하기 신청"),
    "account:revoke-role": msg("역할 회수"),
    "account:sign-up": msg("가입 신청"),
    "ballots:download": msg("투표지 전체 내려받기"),
    "check-in:approve": msg("현장투표 요청 승인"),
    "check-in:ask": msg("현장투표 확인 요청"),
    "check-in:code": msg("투표 코드 발급"),
    "check-in:make": msg("현장투표 접수"),
    "check-in:paper": msg("투표용지 교부"),
    "check-in:refuse": msg("현장투표 요청 거절"),
    "comment:hide": msg("댓글 가리기"),
    "comment:write": msg("댓글 쓰기"),
    "cycle:add-alternatives": msg("대안 사업 묶음 추가"),
    "cycle:add-cap": msg("선정 상한 추가"),
    "cycle:add-pool": msg("분야 추가"),
    "cycle:create": msg("공감예산 만들기"),
    "cycle:edit": msg("공감예산 고치기"),
    "cycle:edit-pool": msg("분야 고치기"),
    "cycle:hold": msg("보류"),
    "cycle:import": msg("외부 선거 자료 가져오기"),
    "cycle:lift": msg("보류 해제"),
    "cycle:list-digest": msg("투표안건 목록의 값 기록"),
    "cycle:lock-in": msg("투표 없이 확정하는 사업 지정"),
    "cycle:remove-pool": msg("분야 삭제"),
    "cycle:remove-term": msg("투표안건 조건 삭제"),
    "demo:seed": msg("예시 자료 넣기"),
    "department:activate": msg("부서 다시 쓰기"),
    "department:add": msg("부서 만들기"),
    "department:deactivate": msg("부서 그만 쓰기"),
    "department:rename": msg("부서 이름 변경"),
    "factor:app-added": msg("인증 앱 등록"),
    "factor:app-removed": msg("인증 앱 삭제"),
    "factor:code-used": msg("복구 코드 사용"),
    "factor:codes": msg("복구 코드 새로 받기"),
    "factor:passkey-added": msg("패스키 등록"),
    "factor:passkey-removed": msg("패스키 삭제"),
    "key:destroyed": msg("열쇠 폐기"),
    "key:destruction-stated": msg("열쇠 폐기 확인"),
    "key:removed": msg("남은 열쇠 파일 삭제"),
    "paper:agree-difference": msg("투표용지보다 많은 투표지 확인"),
    "paper:ask-drop": msg("종이 투표지 묶음 취소 요청"),
    "paper:begin": msg("종이 투표지 입력 시작"),
    "paper:confirm": msg("종이 투표지 묶음 확정"),
    "paper:correct": msg("종이 투표지 장수 고치기"),
    "paper:drop": msg("종이 투표지 묶음 취소"),
    "paper:finish": msg("종이 투표지 입력 마침"),
    "paper:key-again": msg("두 입력이 다른 투표지 다시 입력"),
    "paper:open": msg("종이 투표지 묶음 만들기"),
    "paper:refuse-drop": msg("종이 투표지 묶음 취소 거절"),
    "paper:remove-last": msg("종이 투표지 마지막 장 지우기"),
    "paper:resume": msg("종이 투표지 이어서 입력"),
    "paper:state-difference": msg("투표용지보다 많은 투표지 기록"),
    "paper:strike-difference": msg("투표용지보다 많은 투표지 기록 거두기"),
    "project:autosave": msg("초안 자동 저장"),
    "project:draft": msg("초안 쓰기"),
    "project:edit": msg("제안 고치기"),
    "project:endorse": msg("공감"),
    "project:follow": msg("소식 받기"),
    "project:report": msg("집행 상황 기록"),
    "project:unendorse": msg("공감 취소"),
    "project:unfollow": msg("소식 받지 않기"),
    "register:import": msg("명부 가져오기"),
    "review:answer": msg("보완 답변"),
    "review:ask": msg("보완 요청"),
    "review:assign": msg("검토 배정"),
    "review:decide": msg("검토 결정"),
    "review:lapse": msg("보완 기한 경과"),
    "review:save": msg("검토 저장"),
    "review:start": msg("검토 시작"),
    "session:password": msg("비밀번호 확인"),
    "session:revoke": msg("로그아웃"),
    "session:revoke-others": msg("다른 기기 모두 로그아웃"),
    "session:start": msg("로그인"),
    "station:close": msg("전자투표 기기 끝내기"),
    "station:copied": msg("복사된 접속 정보로 전자투표 기기 멈춤"),
    "station:open": msg("전자투표 기기 열기"),
    "tally:approve": msg("개표 승인"),
    "tally:discard": msg("개표 반려"),
    "tally:release": msg("공개 범위 선택"),
    "tally:request": msg("개표·공표 요청"),
    "tally:run": msg("개표 실행"),
    "tally:stop": msg("개표·공표 멈춤"),
    "verification:grant": msg("본인확인"),
    "vote:correction": msg("투표안건 정정 알림"),
    "vote:open": msg("투표 준비"),
    "vote:seal": msg("집계 대상 확정"),
}

#: Words for every deed by its code; moves of a state machine are called as their buttons are.
DEEDS: Final[dict[str, Message]] = {
    **{f"{flow.name}:{move.name}": move.label for flow in WORKFLOWS for move in flow.moves},
    **_WORDS,
}

#: What a deed was done to, by the name of its table.
SUBJECTS: Final[dict[str, Message]] = {
    "user_account": msg("계정"),
    "login_session": msg("로그인"),
    "project": msg("사업"),
    "cycle": msg("공감예산"),
    "pool": msg("분야"),
    "review": msg("검토"),
    "comment": msg("댓글"),
    "department": msg("부서"),
    "vote": msg("투표"),
    "tally_run": msg("개표"),
    "check_in": msg("현장투표 접수"),
    "paper_batch": msg("종이 투표지 묶음"),
    "station": msg("전자투표 기기"),
}


def deed(action: str) -> Message | str:
    """The words for a code; the code itself where there are none."""
    return DEEDS.get(action, action)


def subject(kind: str) -> Message | str:
    """The words for a table; its name where there are none."""
    return SUBJECTS.get(kind, kind)
