"""Ask AWS what it holds, for an answer to `why`."""

from dataclasses import replace

from studioctl.aws.held import held
from studioctl.config.model import EnvironmentConfig
from studioctl.config.source import Source
from studioctl.errors import StudioctlError
from studioctl.operations.environment import Environment
from studioctl.operations.why.question import Question, asked, others
from studioctl.operations.why.setting import Answer, World, answer
from studioctl.terraform.state_resources import Estate


def setting(environment: Environment, text: str) -> Answer:
    """Explain a key. If AWS cannot be asked, the file's own layers are the answer.

    Args:
        environment: The environment.
        text: The key as it was typed: `ada.instance_type`.

    Raises:
        ConfigError: There is no such key, or nobody of that name.
    """
    config, source = environment.config, environment.source
    question = asked(text, config)

    def one(about: Question) -> Answer:
        world = _world(environment, about)
        unseen = "" if world.domain else f"'{config.name}' does not exist in {environment.place}"
        return answer(about, config, source, world, unseen)

    try:
        return replace(one(question), others=tuple(map(one, others(question, text, config))))
    except StudioctlError as error:
        return in_file(config, source, text, error)


def in_file(config: EnvironmentConfig, source: Source, text: str, problem: StudioctlError) -> Answer:
    """The same from the file alone, and why AWS could not be asked."""
    question = asked(text, config)
    first, *more = (
        answer(it, config, source, None, problem.message) for it in (question, *others(question, text, config))
    )
    return replace(first, remedy=problem.hint, others=tuple(more))


def _world(environment: Environment, question: Question) -> World:
    domain = environment.domain()
    if domain is None:
        return World(state=environment.terraform.state())
    studio, state = environment.studio, environment.terraform.state()
    return World(
        domain=studio.described_domain(domain.id),
        profile=studio.described_profile(domain.id, question.user) if question.user else {},
        space=studio.described_space(domain.id, question.space) if question.space else {},
        state=state,
        held=held(environment.session, question.key, dict(Estate(state).addresses())),
    )
